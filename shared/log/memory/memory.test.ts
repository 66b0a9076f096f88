import { describe, expect, it } from 'vitest';
import { describeCommandsContract } from '../commands.contract.ts';
import { describeEndpointsContract } from '../endpoints.contract.ts';
import { LogUnavailableError } from '../errors.ts';
import { LADDER_LIMITS } from '../ladder.ts';
import { describeLogContract } from '../log.contract.ts';
import type { LogRecord } from '../log.ts';
import { describeLostEndContract } from '../lost-end.contract.ts';
import { describeSnapshotsContract, LADDER_EVERY } from '../snapshots.contract.ts';
import { MemoryCommandStore } from './commands.ts';
import { MemoryEndpointStore } from './endpoints.ts';
import { MemoryLog, type MemoryLogOptions } from './log.ts';
import { MemorySnapshotStore } from './snapshots.ts';

const dispose = async () => undefined;

describeLogContract('memory', async () => {
  let time = 1000;
  const log = new MemoryLog({ now: () => time++ });
  let clients = 0;
  return {
    open: async () => {
      clients += 1;
      return log.client(`client ${clients}`);
    },
    dispose,
  };
});

describeLostEndContract('memory', async () => {
  let time = 1000;
  let kept = 0;
  const log = new MemoryLog({ now: () => time++ });
  return {
    open: async () => log.client('client'),
    async keep() {
      kept = log.records.length;
    },
    putBack: async () => log.putBack(kept),
    dispose,
  };
});

describeCommandsContract('memory', async () => {
  let time = 1000;
  const store = new MemoryCommandStore({ now: () => time });
  return {
    open: async () => store.client('client'),
    passTime: async (ms) => {
      time += ms;
    },
    dispose,
  };
});

describeEndpointsContract('memory', async () => {
  let time = 1000;
  const store = new MemoryEndpointStore({ now: () => time });
  return {
    open: async () => store.client('client'),
    passTime: async (ms) => {
      time += ms;
    },
    dispose,
  };
});

describeSnapshotsContract('memory', async () => ({
  store: new MemorySnapshotStore({ ...LADDER_LIMITS, every: LADDER_EVERY }),
  dispose,
}));

describe('the hooks of the memory log', () => {
  const SUBJECT = 'muster.event.scheduler.node.n1';
  const data = new TextEncoder().encode('x');

  it('lets a simulator decide when each participant hears of a record', async () => {
    const steps: { client: string; step: () => void }[] = [];
    const log = makeLog({ deliver: (client, step) => steps.push({ client, step }), recordsPerStep: 1 });
    const [slow, quick] = [await hear(log, 'slow'), await hear(log, 'quick')];
    await log.append(SUBJECT, data);
    await log.append(SUBJECT, data);
    for (let next = steps.findIndex(isFor('quick')); next !== -1; next = steps.findIndex(isFor('quick'))) {
      steps.splice(next, 1)[0]?.step();
    }
    expect([quick, slow]).toEqual([[1, 2], []]);
    expect(steps.map(({ client }) => client)).toEqual(['slow']);
    while (steps.length > 0) steps.shift()?.step();
    expect(slow).toEqual([1, 2]);
  });

  it('delivers one record in each step when told to', async () => {
    const steps: (() => void)[] = [];
    const log = makeLog({ deliver: (_client, step) => steps.push(step), recordsPerStep: 1 });
    for (let count = 0; count < 3; count += 1) await log.append(SUBJECT, data);
    const heard = await hear(log, 'reader');
    const after: number[] = [];
    while (steps.length > 0) {
      steps.shift()?.();
      after.push(heard.length);
    }
    expect(after).toEqual([1, 2, 3, 3, 3]);
  });

  it('lets a simulator crash a writer before and after the record is stored', async () => {
    let moment: 'before' | 'after' = 'before';
    const log = makeLog({
      intercept: async ({ client }, store) => {
        if (client === 'steady') return store();
        if (moment === 'after') store();
        throw new LogUnavailableError('crashed');
      },
    });
    const doomed = log.client('doomed');
    await expect(doomed.append(SUBJECT, data, { expectLastSubjectSeq: 0 })).rejects.toThrow('crashed');
    expect(log.records.length).toBe(0);
    moment = 'after';
    await expect(doomed.append(SUBJECT, data, { expectLastSubjectSeq: 0 })).rejects.toThrow('crashed');
    const result = await log.client('steady').append(SUBJECT, data, { expectLastSubjectSeq: 0 });
    expect(result).toEqual({ ok: false, expected: 0, actual: 1 });
  });

  it('lets a simulator answer late, after the record has been heard of', async () => {
    let answer: () => void = () => undefined;
    const answered = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const log = makeLog({
      intercept: async (_append, store) => {
        const result = store();
        await answered;
        return result;
      },
    });
    const order: string[] = [];
    await log.follow({ from: 1, onRecord: () => order.push('heard'), onError: fail });
    const appending = log.append(SUBJECT, data).then(() => order.push('answered'));
    await new Promise((resolve) => setImmediate(resolve));
    answer();
    await appending;
    expect(order).toEqual(['heard', 'answered']);
  });

  it('shows a retry that meets its own record', async () => {
    const log = makeLog({
      intercept: async (_append, store) => {
        store();
        return store();
      },
    });
    expect(await log.append(SUBJECT, data, { expectLastSubjectSeq: 0 })).toEqual({
      ok: false,
      expected: 0,
      actual: 1,
    });
    expect(log.records.length).toBe(1);
  });

  function makeLog(options: Partial<MemoryLogOptions>): MemoryLog {
    return new MemoryLog({ now: () => 0, ...options });
  }

  function isFor(name: string) {
    return ({ client }: { client: string }) => client === name;
  }

  async function hear(log: MemoryLog, name: string): Promise<number[]> {
    const heard: number[] = [];
    await log.client(name).follow({
      from: 1,
      onRecord: ({ seq }: LogRecord) => heard.push(seq),
      onError: fail,
    });
    return heard;
  }

  function fail(error: Error): void {
    throw error;
  }
});
