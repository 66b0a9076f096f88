import { MemoryLog } from '@muster/log';
import { MemoryBus, systemClock } from '@muster/runtime';
import { createState } from '@muster/state';
import { describe, expect, it } from 'vitest';
import { askCopies } from './ask-copies.ts';
import { askHead } from './ask-head.ts';
import { createMeasures } from './measures.ts';
import type { ObservedRole } from './observed.ts';
import { readAgent, readControl } from './readings.fixture.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';

const net = () => new MemoryBus({ clock: systemClock });
const patient = { patienceMs: 50 };

function observeScheduler(copy: string, reading = readControl()): ObservedRole {
  const state = createState();
  state.head = 100;
  return {
    role: 'scheduler',
    copy,
    measures: createMeasures(),
    connection: () => reading.connection,
    loop: reading.loop!,
    backlog: () => ({ services: 4 }),
    fold: {
      state,
      log: new MemoryLog({ now: () => 0 }),
      startHead: 60,
      startMs: 1,
      losses: { losses: 0, records: 0, intents: 0 },
      isCertain: () => true,
      failure: () => undefined,
    },
  };
}

function observeAgent(copy: string): ObservedRole {
  const { connection, agent } = readAgent();
  return {
    role: 'agent',
    copy,
    measures: createMeasures(),
    connection: () => connection,
    agent: () => agent!,
  };
}

function runProcess(bus: MemoryBus, name: string, ...roles: ObservedRole[]): Telemetry {
  const telemetry = createTelemetry('1.2.3');
  for (const role of roles) telemetry.observe(role);
  telemetry.noteStarted();
  telemetry.answerOn(bus.client(name));
  return telemetry;
}

describe('copies that are asked', () => {
  it('all answer, each for its process', async () => {
    const bus = net();
    runProcess(bus, 'p1', observeScheduler('a'), observeScheduler('b'));
    runProcess(bus, 'p2', observeScheduler('c'));
    const answers = await askCopies(bus.client('top'), 'control', patient);
    expect(answers.map(({ roles }) => roles.map(({ copy }) => copy))).toEqual([['a', 'b'], ['c']]);
    expect(new Set(answers.map(({ process }) => process)).size).toBe(2);
    expect(answers[1]).toMatchObject({ version: '1.2.3', pid: process.pid });
    expect(answers[1]!.memoryBytes).toBeGreaterThan(1_000_000);
    expect(answers[1]!.roles[0]).toMatchObject({
      role: 'scheduler',
      head: 100,
      folded: 40,
      decisions: 2,
      conflicts: 1,
      waiting: { services: 4 },
    });
    expect(answers[1]!.roles[0]!.trouble).toBeUndefined();
  });

  it('say what is wrong with them', async () => {
    const bus = net();
    runProcess(bus, 'p1', observeScheduler('a', readControl({}, { connected: false })));
    const [answer] = await askCopies(bus.client('top'), 'control', patient);
    expect(answer!.roles[0]!.trouble).toBe('nats: not connected');
  });

  it('are heard without waiting for more, once nobody else is expected', async () => {
    const bus = net();
    runProcess(bus, 'p1', observeScheduler('a'));
    const asked = askCopies(bus.client('top'), 'control', {
      patienceMs: 60_000,
      isEnough: (answers) => answers.length === 1,
    });
    expect(await asked).toHaveLength(1);
  });

  it('may be none', async () => {
    expect(await askCopies(net().client('top'), 'control', patient)).toEqual([]);
  });

  it('are understood as far as they speak the same version', async () => {
    const bus = net();
    runProcess(bus, 'p1', observeScheduler('a'));
    const stranger = bus.client('stranger');
    stranger.subscribe('muster.stats.control', ({ reply }) => {
      for (const text of ['{"roles":7}', 'not json', '{}'])
        stranger.publish(reply!, new TextEncoder().encode(text));
    });
    expect(await askCopies(bus.client('top'), 'control', patient)).toHaveLength(1);
  });

  it('say nothing any more once they are stopped', async () => {
    const bus = net();
    await runProcess(bus, 'p1', observeScheduler('a')).stop();
    expect(await askCopies(bus.client('top'), 'control', patient)).toEqual([]);
  });
});

describe('agents', () => {
  it('answer only when agents are asked, a thousand of one process in messages that fit', async () => {
    const bus = net();
    const agents = Array.from({ length: 1_200 }, (_, index) => observeAgent(`node${index}`));
    runProcess(bus, 'p1', observeScheduler('a'), ...agents);
    const control = await askCopies(bus.client('top'), 'control', patient);
    expect(control.flatMap(({ roles }) => roles).map(({ role }) => role)).toEqual(['scheduler']);
    const answers = await askCopies(bus.client('top'), 'agent', patient);
    expect(answers.flatMap(({ roles }) => roles)).toHaveLength(1_200);
    for (const answer of answers) expect(JSON.stringify(answer).length).toBeLessThan(512 * 1024);
    expect(answers[0]!.roles[0]).toMatchObject({
      tasks: { running: 2 },
      decisions: 5,
      waiting: { reports: 0 },
    });
  });
});

describe('the head of a log', () => {
  const logWith = (head: () => Promise<number>) => Object.assign(new MemoryLog({ now: () => 0 }), { head });

  it('is not waited for longer than it is worth, and asked for once at a time', async () => {
    let asked = 0;
    let answer: (head: number) => void = () => undefined;
    const log = logWith(() => {
      asked += 1;
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    expect(await Promise.all([askHead(log, 10), askHead(log, 10)])).toEqual([undefined, undefined]);
    const late = askHead(log, 10_000);
    answer(7);
    expect(await late).toBe(7);
    expect(asked).toBe(1);
  });

  it('is asked for again, even after a failure', async () => {
    const answers = [Promise.reject(new Error('away')), Promise.resolve(9)];
    const log = logWith(() => answers.shift()!);
    expect(await askHead(log)).toBeUndefined();
    expect(await askHead(log)).toBe(9);
  });
});
