import { TaskState } from '@muster/model';
import type { Reducer } from '@muster/runtime';
import { createChanges, hostPortKey, type Service } from '@muster/state';
import {
  allocateService,
  appendDecision,
  createService,
  createTasks,
  decideOnce,
  type History,
  removeService,
  settle,
  startHistory,
  updateService,
} from '@muster/testing';
import fc from 'fast-check';
import { beforeEach, describe, expect, it } from 'vitest';
import { createAllocator } from './allocator.ts';
import { DYNAMIC_PORTS } from './ports.ts';

let history: History;
let allocator: Reducer;
beforeEach(() => {
  history = startHistory();
  allocator = createAllocator();
});

type Open = { target: number; published?: number; protocol?: 'tcp' | 'udp' };
const publish = (...ports: Open[]) => ({ ports: ports.map((port) => ({ mode: 'host', ...port })) });
const unallocated = { allocated: false };
const numbersOf = ({ version }: Service) => version.ports!.map(({ publishedPort }) => publishedPort);
const inRange = (port: number) => port >= DYNAMIC_PORTS.first && port <= DYNAMIC_PORTS.last;

/** Takes every port of the range but the given ones, by number. */
function occupyAllBut(...free: readonly number[]): Service {
  const ports: Open[] = [];
  for (let port = DYNAMIC_PORTS.first; port <= DYNAMIC_PORTS.last; port += 1)
    if (!free.includes(port)) ports.push({ target: port, published: port });
  return createService(history, 'hog', publish(...ports));
}

it('leaves out a service that meets a bug, and decides about the others', () => {
  const broken = createService(history, 'broken', publish({ target: 80 }), unallocated);
  Object.defineProperty(broken.version, 'requestedPorts', {
    value: new Proxy([], {
      get(_, key) {
        if (key === 'filter') return () => []; // what is noticed
        throw new Error('a bug');
      },
    }),
  });
  const web = createService(history, 'web', {}, unallocated);
  expect(settleUntil('a bug')).toEqual([web.id]);
  const wakeAt = allocator.nextWake()!;
  expect(wakeAt).toBeGreaterThan(history.now);
  expect(() => allocator.decide(history.state, wakeAt)).toThrow('a bug');
});

/** The services decided about, round after round, until it breaks down. */
function settleUntil(error: string): string[] {
  const ids: string[] = [];
  for (;;) {
    let decisions: ReturnType<typeof decideOnce>;
    try {
      decisions = decideOnce(history, allocator);
    } catch (thrown) {
      expect((thrown as Error).message).toBe(error);
      return ids;
    }
    expect(decisions).not.toEqual([]);
    for (const decision of decisions) appendDecision(history, decision);
    ids.push(...decisions.map(({ event }) => ('serviceId' in event ? event.serviceId : '')));
  }
}

describe('a service', () => {
  it('without ports is allocated, and its tasks become pending', () => {
    const web = createService(history, 'web', {}, unallocated);
    const [task] = createTasks(history, web);
    const { seq } = web.version;
    expect(settle(history, allocator)).toEqual([
      { type: 'service.allocated', cause: seq, serviceId: web.id, specVersion: seq, ports: [] },
    ]);
    expect(history.state.tasks.get(task!)!.observed).toBe(TaskState.PENDING);
    expect(decideOnce(history, allocator)).toEqual([]);
  });

  it('keeps the numbers it asks for, and gets one of the range for each that it leaves open', () => {
    const body = publish({ target: 80, published: 8080 }, { target: 53, protocol: 'udp' }, { target: 53 });
    const web = createService(history, 'web', body, unallocated);
    settle(history, allocator);
    const [first, second, third] = web.version.ports!;
    expect(first).toEqual(web.version.requestedPorts[0]);
    expect(second).toMatchObject({ targetPort: 53, protocol: 'udp', publishMode: 'host' });
    expect(inRange(second!.publishedPort) && inRange(third!.publishedPort)).toBe(true);
  });

  it('gets a number that nobody else has, picked or published', () => {
    const hog = occupyAllBut(30_123, 30_124);
    const open = publish({ target: 80 }, { target: 80, protocol: 'udp' });
    const one = createService(history, 'one', open, unallocated);
    const two = createService(history, 'two', open, unallocated);
    settle(history, allocator);
    expect([numbersOf(one)[0], numbersOf(two)[0]].sort()).toEqual([30_123, 30_124]);
    expect(numbersOf(hog)).toHaveLength(2766);
  });

  it('publishes no number twice', () => {
    occupyAllBut(30_001, 30_002);
    const web = createService(
      history,
      'web',
      publish({ target: 80 }, { target: 81, published: 30_001 }),
      unallocated,
    );
    settle(history, allocator);
    expect(numbersOf(web)).toEqual([30_002, 30_001]);
  });
});

describe('a new version', () => {
  const open = publish({ target: 80 }, { target: 81 });

  it('keeps the numbers of the one before, in whatever order it asks', () => {
    const web = createService(history, 'web', open, unallocated);
    settle(history, allocator);
    createTasks(history, web);
    const [port80, port81] = numbersOf(web);
    updateService(history, web, publish({ target: 82 }, { target: 81 }, { target: 80 }), unallocated);
    settle(history, allocator);
    expect(numbersOf(web)).toEqual([expect.any(Number), port81, port80]);
    expect(history.state.pickedPorts.size).toBe(3);
  });

  it('keeps them though their first choice has become free', () => {
    const first = createService(history, 'web', publish({ target: 80 }), unallocated);
    settle(history, allocator);
    const [choice] = numbersOf(first);
    // Another service publishes that number from the start; then the same history picks the next one.
    history = startHistory();
    allocator = createAllocator();
    const web = createService(history, 'web', publish({ target: 80 }), unallocated);
    const other = createService(history, 'other', publish({ target: 1, published: choice! }), unallocated);
    settle(history, allocator);
    createTasks(history, web);
    const [picked] = numbersOf(web);
    expect(picked).not.toBe(choice);
    removeService(history, other);
    updateService(history, web, { ...publish({ target: 80 }), env: ['A=1'] }, unallocated);
    settle(history, allocator);
    expect(numbersOf(web)).toEqual([picked]);
  });

  it('does not keep what it now publishes by number, nor what has gone to another', () => {
    const web = createService(history, 'web', publish({ target: 80 }), unallocated);
    settle(history, allocator);
    createTasks(history, web);
    const [port] = numbersOf(web);
    updateService(history, web, publish({ target: 80 }, { target: 81, published: port! }), unallocated);
    settle(history, allocator);
    const numbers = numbersOf(web);
    expect(numbers[1]).toBe(port);
    expect(numbers[0]).not.toBe(port);
    createTasks(history, web);
    updateService(history, web, { env: ['A=1'] }, unallocated);
    settle(history, allocator);
    const other = createService(history, 'other', publish({ target: 1 }), unallocated);
    allocateService(history, other, [{ ...other.version.requestedPorts[0]!, publishedPort: numbers[0]! }]);
    updateService(history, web, publish({ target: 80 }), unallocated);
    settle(history, allocator);
    expect(numbersOf(web)[0]).not.toBe(numbers[0]);
    expect(history.state.conflicts).toBe(0);
  });
});

describe('when there is no free port', () => {
  const message = 'no free port: all tcp ports from 30000 to 32767 are allocated';

  it('says so once, and leaves the tasks as they are', () => {
    occupyAllBut();
    const web = createService(history, 'web', publish({ target: 80 }), unallocated);
    const [task] = createTasks(history, web);
    const { seq } = web.version;
    expect(settle(history, allocator)).toEqual([
      { type: 'service.allocation_failed', cause: seq, serviceId: web.id, specVersion: seq, message },
    ]);
    expect(web.unschedulable).toEqual({ versionSeq: seq, message });
    expect(history.state.tasks.get(task!)!.observed).toBe(TaskState.NEW);
    createTasks(history, web);
    expect(settle(history, allocator)).toEqual([]);
  });

  it('allocates as soon as somebody gives one back', () => {
    const hog = occupyAllBut();
    const web = createService(history, 'web', publish({ target: 80 }), unallocated);
    settle(history, allocator);
    removeService(history, hog);
    settle(history, allocator);
    expect(inRange(numbersOf(web)[0]!)).toBe(true);
    expect(web.unschedulable).toBeUndefined();
  });

  it('gives one that was picked to the next when its service changes', () => {
    occupyAllBut(30_500);
    const one = createService(history, 'one', publish({ target: 80 }), unallocated);
    settle(history, allocator);
    const two = createService(history, 'two', publish({ target: 80 }), unallocated);
    settle(history, allocator);
    expect(two.unschedulable?.message).toBe(message);
    updateService(history, one, {}, unallocated);
    settle(history, allocator);
    expect(numbersOf(two)).toEqual([30_500]);
  });
});

describe('a decision that was lost', () => {
  it('is made again', () => {
    createService(history, 'web', publish({ target: 80 }), unallocated);
    const decisions = decideOnce(history, allocator);
    expect(decideOnce(history, allocator)).toEqual(decisions);
  });

  it('is made anew when another service got the port first', () => {
    occupyAllBut(30_007, 30_008);
    const web = createService(history, 'web', publish({ target: 80 }), unallocated);
    const [lost] = decideOnce(history, allocator);
    if (lost?.event.type !== 'service.allocated') throw new Error('nothing was allocated');
    const other = createService(history, 'other', publish({ target: 80 }), unallocated);
    const { publishedPort } = lost.event.ports[0]!;
    allocateService(history, other, [{ ...other.version.requestedPorts[0]!, publishedPort: publishedPort! }]);
    expect(appendDecision(history, lost)).toBe(true);
    expect(history.state.conflicts).toBe(1);
    expect(web.version.ports).toBeUndefined();
    settle(history, allocator);
    expect(numbersOf(web)).toEqual([publishedPort === 30_007 ? 30_008 : 30_007]);
  });

  it('is made by a copy that just started', () => {
    const web = createService(history, 'web', publish({ target: 80 }), unallocated);
    const decisions = decideOnce(history, allocator);
    const fresh = createAllocator();
    fresh.notice(history.state, { ...createChanges(), services: new Set([web.id]) });
    expect(fresh.decide(history.state, history.now)).toEqual(decisions);
  });
});

it('keeps what it had for a service whose next version waits for more than there is', () => {
  const history = startHistory();
  const allocator = createAllocator();
  occupyAllButFew(history);
  const open = (count: number) => publish(...Array.from({ length: count }, () => ({ target: 80 })));
  const service = createService(history, 'b', open(1), unallocated);
  createService(history, 'others', open(4), unallocated);
  settle(history, allocator);
  const [had] = numbersOf(service);
  updateService(history, service, open(2), unallocated);
  settle(history, allocator);
  expect(service).toMatchObject({ version: { ports: undefined }, unschedulable: {} });
  expect(history.state.pickedPorts.get(`${had}/tcp`)).toBe(service.id);
});

describe('whatever services come and go', () => {
  const ports = fc.array(fc.record({ target: fc.integer({ min: 1, max: 4 }), fixed: fc.boolean() }), {
    maxLength: 3,
  });
  const step = fc.record({
    name: fc.constantFrom('a', 'b', 'c', 'd'),
    do: fc.constantFrom('apply' as const, 'remove' as const, 'settle' as const),
    ports,
  });

  it('no picked port is picked twice or published by number when it is picked', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 25 }), (steps) => {
        const history = startHistory();
        const allocator = createAllocator();
        occupyAllButFew(history);
        for (const { name, do: verb, ports } of steps) {
          const service = history.state.serviceByName.get('', name);
          const body = publish(
            ...ports.map(({ target, fixed }, index) =>
              fixed ? { target, published: 1000 + 10 * index + target } : { target },
            ),
          );
          if (verb === 'settle') settle(history, allocator);
          else if (verb === 'remove') service && removeService(history, service);
          else if (service) updateService(history, service, body, unallocated);
          else createService(history, name, body, unallocated);
        }
        settle(history, allocator);
        expect(history.state.conflicts).toBe(0);
        const seen = new Set<string>();
        for (const { version, unschedulable } of history.state.services.values()) {
          expect(version.ports === undefined).toBe(unschedulable !== undefined);
          for (const [index, port] of (version.ports ?? []).entries()) {
            if (version.requestedPorts[index]!.publishedPort !== 0) continue;
            expect(seen.has(hostPortKey(port))).toBe(false);
            seen.add(hostPortKey(port));
          }
        }
        // What waits for ports keeps those that it had until then.
        const held = [...history.state.pickedPorts].filter(
          ([, id]) => history.state.services.get(id)!.version.ports,
        );
        expect(new Set(held.map(([key]) => key))).toEqual(seen);
        for (const key of seen) expect(history.state.pickedPorts.has(key)).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});

function occupyAllButFew(history: History): void {
  const ports: Open[] = [];
  for (let port = DYNAMIC_PORTS.first; port <= DYNAMIC_PORTS.last - 5; port += 1)
    ports.push({ target: port, published: port });
  createService(history, 'hog', publish(...ports));
}
