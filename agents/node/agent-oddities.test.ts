// A backend says what could not be stored and read back: nothing else suffers from it.
import { createBackend } from '@muster/backends';
import { encodeJson, logSubject, WIRE_VERSION } from '@muster/events';
import type { Logger } from '@muster/runtime';
import { beforeEach, describe, expect, it } from 'vitest';
import { createRig, NODE, type Rig, taskIdOf } from './agent.fixture.ts';
import { readStatus } from './reports/readable-status.ts';

const task = taskIdOf(1);
let rig: Rig;

beforeEach(() => {
  rig = createRig();
});

describe('a status', () => {
  it('is told without what is odd in it, and the others with it', async () => {
    const agent = await rig.startReady();
    for (const slot of [1, 2]) await rig.command(taskIdOf(slot), 'running');
    await rig.clock.advance(1_000);
    rig.engine.kill(taskIdOf(1), Number.NaN);
    rig.engine.kill(taskIdOf(2), 3);
    await rig.clock.advance(1_000);
    expect(rig.lastStatus(taskIdOf(1))).toMatchObject({ state: 'failed' });
    expect(rig.lastStatus(taskIdOf(1))).not.toHaveProperty('exitCode');
    expect(rig.lastStatus(taskIdOf(2))).toMatchObject({ state: 'failed', exitCode: 3 });
    expect(agent.health()).toMatchObject({ state: 'running', oddStatuses: 1, waitingReports: 0 });
  });

  it('that is odd is remembered all the same', async () => {
    const first = await rig.startReady();
    await rig.command(task, 'running');
    await rig.clock.advance(1_000);
    rig.engine.kill(task, Number.NaN);
    await rig.clock.advance(1_000);
    first.kill();
    await rig.storage.save(JSON.parse(JSON.stringify(await rig.storage.load())));
    await rig.startReady();
    await rig.clock.advance(1_000);
    expect(rig.lastStatus(task)).toMatchObject({ state: 'failed' });
  });

  it('is dropped when what is odd says what happened', () => {
    expect(readStatus({ id: 't', state: 'running', exitCode: 0.5, runId: 'r' })).toEqual({
      status: { id: 't', state: 'running', runId: 'r' },
      oddities: [{ field: 'exitCode', why: 'must be integer' }],
    });
    const { status, oddities } = readStatus({ id: 't', state: 'dancing' as never });
    expect(status).toBeUndefined();
    expect(oddities.map(({ field }) => field)).toContain('state');
    expect(readStatus({ id: 5 as never, state: 'running' }).status).toBeUndefined();
  });
});

describe('a node', () => {
  it('that is described oddly says so, asks again with patience, and joins when it can', async () => {
    let memoryBytes = Number.NaN;
    let asked = 0;
    const { clock, engine } = rig;
    const backend = await createBackend('simulator', { clusterName: 'test', nodeId: NODE, clock, engine });
    const describe = backend.describe.bind(backend);
    backend.describe = async () => {
      asked += 1;
      return { ...(await describe()), resources: { nanoCpus: 1e9, memoryBytes } };
    };
    const agent = await rig.start({ backend });
    await clock.advance(5 * 60_000);
    expect(agent.health().state).toBe('starting');
    expect(rig.events()).toEqual([]);
    expect(asked).toBeLessThan(15);
    memoryBytes = 1e9;
    await clock.advance(60_000);
    await agent.ready;
    expect(rig.events()).toMatchObject([
      { type: 'node.joined', reads: WIRE_VERSION, description: { resources: { memoryBytes: 1e9 } } },
    ]);
  });
});

describe('what anybody may send by the thousand', () => {
  it('is counted, and told of in a few lines', async () => {
    const said: string[] = [];
    const note = (_fields: object, message: string) => {
      said.push(message);
    };
    const logger = { debug() {}, info() {}, warn: note, error: note } as unknown as Logger;
    const rig = createRig();
    const agent = await rig.startReady({ logger });
    for (let slot = 1; slot <= 1_000; slot += 1) {
      const [garbage, foreign] = [taskIdOf(slot), taskIdOf(slot, 2)];
      await rig.commands.put(NODE, garbage, encodeJson({ type: 'odd' }), { expectLastSeq: 0 });
      await rig.command(foreign, 'running', { more: { needs: ['what.nobody.knows'] } });
      rig.bus.publish(logSubject(NODE), new Uint8Array([1]), { reply: 'inbox.x' });
    }
    await rig.clock.advance(5_000);
    expect(agent.health().refusedCommands).toBe(2_000);
    expect(new Set(said)).toEqual(
      new Set(['a task is refused', 'a request for output could not be understood']),
    );
    expect(said.length).toBeLessThan(10);
  });
});
