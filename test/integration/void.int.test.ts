// A record that no copy understands halts a cluster of real processes. It says so at once, and goes on once the record is
// declared void; in whatever way it is started.
import { encodeJson } from '@muster/events';
import { JetStreamLog } from '@muster/log';
import { connectNats, readVoids } from '@muster/runtime';
import { createState, foldRecord, hashState, ignoreChanges } from '@muster/state';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';

const WHY = 'a test wrote it by mistake';
/** What a terminal would act on, and what looks like a line of ours. */
const TYPE = 'service.created\u001b[2J\nError: all is lost';
const SHOWN_TYPE = 'service.created\\u001b[2J\\nError: all is lost';
const REASON = `this program does not know event ${SHOWN_TYPE}`;

const starters: Readonly<Record<string, (cluster: TestCluster) => Promise<readonly RoleProcess[]>>> = {
  async 'a process for each copy'(cluster) {
    const control = Object.values(await cluster.startControl(1)).flat();
    await cluster.startAgent('one', { backend: 'simulator' });
    return control;
  },
  async 'all in one'(cluster) {
    return [await cluster.start('up', '--nodes', '1', '--copies', '2', '--backend', 'simulator')];
  },
};

describe.each(Object.keys(starters))('%s', (name) => {
  let cluster: TestCluster;
  let processes: readonly RoleProcess[];
  let connection: Awaited<ReturnType<typeof connectNats>>;
  let log: JetStreamLog;
  let record: number;
  let subject: string;

  beforeAll(async () => {
    // Every snapshot is one with the record.
    cluster = await startCluster({ env: { MUSTER_SNAPSHOT_EVERY: '1' } });
    processes = await starters[name]!(cluster);
    connection = await connectNats(cluster.url, { name: 'test' });
    log = new JetStreamLog(connection);
    await run('service', 'create', '--stable-for', '100ms', '--name', 'web', '--replicas', '2', 'x');
    const [{ ID: id }] = JSON.parse(await cluster.print('inspect', 'web'));
    subject = `muster.event.orchestrator.service.${id}`;
    const event = { v: 999, type: TYPE, writer: 'orchestrator', cause: 0 };
    const appended = await log.append(subject, encodeJson({ ...event, at: '2026-01-01T00:00:00Z' }));
    record = (appended as { seq: number }).seq;
  });

  afterAll(async () => {
    await connection?.close();
    await cluster?.stop();
  });

  /** Whatever a command says, nothing of the record moves the terminal. */
  async function run(...args: string[]) {
    const outcome = await cluster.run(['--as', 'ana', ...args]);
    const said = `${outcome.stdout}${outcome.stderr}`;
    expect([...said].filter((character) => character < ' ' && character !== '\n')).toEqual([]);
    expect(said).not.toMatch(/^Error: all is lost/m);
    return outcome;
  }
  const declare = (seq: number, ...args: string[]) => run('log', 'void', String(seq), '--why', WHY, ...args);

  it('says at once what has halted it, and what to do', async () => {
    const { code, stderr } = await run('service', 'scale', '--timeout', '1500ms', 'web=3');
    expect(code).toBe(4);
    const halt = `has halted on record ${record} on ${subject} (${SHOWN_TYPE} by the orchestrator): ${REASON}`;
    expect(stderr).toContain(`waits for the orchestrator, which ${halt}`);
    expect(stderr).toContain(`\`muster log void ${record} --why`);
    const doctor = await run('doctor');
    expect(doctor.code).toBe(1);
    expect(doctor.stdout).toContain(`the cluster ${halt}`);
    expect(doctor.stdout).toContain(`\`muster log void ${record} --why`);
    const [top, events] = await Promise.all([
      run('top', '--no-stream'),
      run('events'),
      ...[['audit'], ['audit', 'web']].map((args) => run(...args)),
      ...['json', '{{.Type}} {{.What}} {{.Why}}'].map((format) => run('events', '--format', format)),
    ]);
    for (const { stdout } of [top, events]) expect(stdout).toContain(SHOWN_TYPE);
  });

  it('declares nothing void that is not there, or that must stand', async () => {
    const intent = (await run('events', '--format', '{{.Seq}} {{.Type}}')).stdout
      .split('\n')
      .find((line) => line.includes('intent.service.create'))!;
    const said = await Promise.all([
      declare(Number(intent.split(' ')[0]), '--yes'),
      declare(1, '--yes'),
      declare(2, '--yes'),
      declare(99_999, '--yes'),
      declare(record),
      run('log', 'void', String(record), '--yes'),
    ]);
    expect(said.map(({ code, stderr }) => `${code} ${stderr}`)).toEqual([
      expect.stringMatching(/^1 .*is an intent/s),
      expect.stringMatching(/^1 .*says whose log this is/s),
      expect.stringMatching(/^1 .*is understood by everybody/s),
      expect.stringMatching(/^1 .*the log has no record 99999/s),
      expect.stringMatching(/^2 .*--yes/s),
      expect.stringMatching(/^2 /),
    ]);
  });

  it('goes on without it, by itself', async () => {
    const { code, stdout } = await declare(record, '--yes', '--format', 'json');
    expect(code).toBe(0);
    const said = JSON.parse(stdout);
    expect(said).toMatchObject({ record, subject, actor: 'ana', reason: WHY, already: false });
    const again = await declare(record, '--yes', '--format', 'json');
    expect(JSON.parse(again.stdout)).toEqual({ ...said, already: true });
    expect((await declare(said.seq, '--yes')).stderr).toContain('declares a record void itself');
    // What had waited is decided, and what is asked for now.
    expect(await run('service', 'scale', '--stable-for', '100ms', '--timeout', '10s', 'web=4')).toMatchObject(
      {
        code: 0,
      },
    );
    for (const { log: told } of processes)
      expect(told.map(({ msg }) => msg)).toContain(
        'a record has been declared void: folding the log again without it',
      );
    await vi.waitFor(
      async () => {
        const doctor = await run('doctor');
        expect(doctor.stdout).not.toMatch(/^(fail|warn)/m);
        expect(doctor.stdout).toMatch(/1 record is void/);
      },
      { timeout: 30_000, interval: 500 },
    );
  });

  it('is in one state, now and before, whoever folds it', async () => {
    const voids = await readVoids(log);
    const moments = [record - 1, record + 1, undefined];
    const hashes = await Promise.all(
      moments.map((at) =>
        cluster.print('state', '--format', 'hash', ...(at === undefined ? [] : ['--at', String(at)])),
      ),
    );
    for (const shown of hashes) {
      const [, hash, seq] = /^(\w+) {2}#(\d+)/.exec(shown)!;
      const state = createState(voids);
      for await (const one of log.read({ from: 1, to: Number(seq) })) foldRecord(state, one, ignoreChanges());
      expect(hashState(state), `at ${seq}`).toBe(hash);
      expect(state.halted).toBeUndefined();
    }
  });

  it('tells who declared it void, and why', async () => {
    const [events, ...stories] = await Promise.all(
      [['events'], ['audit'], ['audit', 'web']].map((args) => cluster.print(...args)),
    );
    for (const story of stories) {
      expect(story).toContain(`ana: declared record #${record} on ${subject} void`);
      expect(story).toContain(`because: ${WHY}`);
    }
    expect(events).toMatch(new RegExp(`ana +declared record #${record} .*\\(${WHY}\\)`));
  });
});
