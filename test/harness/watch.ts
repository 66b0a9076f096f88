// Follows the log of a running cluster beside its reducers, folds it as they do, and lets a test await what it wants to
// see instead of sleeping. A strict one checks every record against the rules that hold whatever fails.
import { decode, type EventFact, type EventOf, type EventType, type Fact } from '@muster/events';
import { JetStreamLog, type Log } from '@muster/log';
import { nameTaskState, TaskState } from '@muster/model';
import { connectNats } from '@muster/runtime';
import { createObserver } from '@muster/simulation';
import {
  type ClusterState,
  clearChanges,
  createChanges,
  createState,
  foldRecord,
  type Service,
} from '@muster/state';

export interface Watch {
  readonly log: Log;
  readonly state: ClusterState;
  /** Everything so far, in log order: fact n is of sequence n + 1. */
  readonly facts: readonly Fact[];
  /** Resolves with what `look` finds, which is asked now and after every record. Undefined and false are nothing. */
  until<T>(what: string, look: (watch: Watch) => T | undefined | false, timeoutMs?: number): Promise<T>;
  /** The events of one type so far. */
  events<Type extends EventType>(type: Type): EventFact<EventOf<Type>>[];
  stop(): Promise<void>;
}

export interface WatchOptions {
  /** Fail when a record breaks a rule; off for logs that hostile writers write to. */
  readonly strict?: boolean;
}

const TIMEOUT_MS = 60_000;
const SHOWN = 15;

interface Waiter {
  look(): boolean;
  fail(error: Error): void;
}

export async function watchLog(url: string, { strict = true }: WatchOptions = {}): Promise<Watch> {
  const connection = await connectNats(url, { name: 'test-watch' });
  const log = new JetStreamLog(connection);
  const observer = strict ? createObserver() : createFold();
  const facts: Fact[] = [];
  const waiters = new Set<Waiter>();
  let broken: Error | undefined;

  function fail(error: Error): void {
    broken ??= error;
    for (const waiter of waiters) waiter.fail(error);
    waiters.clear();
  }

  const watch: Watch = {
    log,
    facts,
    state: observer.state,
    async until(what, look, timeoutMs = TIMEOUT_MS) {
      if (broken) throw broken;
      const found = look(watch);
      if (found !== undefined && found !== false) return found;
      return new Promise((resolve, reject) => {
        const settle = (end: () => void) => {
          clearTimeout(timer);
          waiters.delete(waiter);
          end();
        };
        const waiter: Waiter = {
          look() {
            const seen = look(watch);
            if (seen === undefined || seen === false) return false;
            settle(() => resolve(seen));
            return true;
          },
          fail: (error) => settle(() => reject(error)),
        };
        const timer = setTimeout(() => {
          waiter.fail(
            new Error(
              [
                `not seen in ${timeoutMs} ms: ${what}`,
                ...describeUnfinished(watch.state),
                ...facts.slice(-SHOWN).map(tell),
              ].join('\n'),
            ),
          );
        }, timeoutMs);
        waiters.add(waiter);
      });
    },
    events: (type) =>
      facts.filter((fact): fact is EventFact<never> => fact.is === 'event' && fact.event.type === type),
    async stop() {
      await following.stop();
      await log.close();
      await connection.close();
    },
  };

  const following = await log.follow({
    from: 1,
    onRecord(record) {
      facts.push(decode(record));
      observer.observe(record);
      for (const waiter of [...waiters]) waiter.look();
    },
    onError: fail,
  });
  return watch;
}

type Fold = Pick<ReturnType<typeof createObserver>, 'state' | 'observe'>;

function createFold(): Fold {
  const state = createState();
  const changes = createChanges();
  return {
    state,
    observe(record) {
      foldRecord(state, record, changes);
      clearChanges(changes);
    },
  };
}

/** Nodes that aren't ready, services with something to be decided, and tasks that are on their way somewhere. */
function describeUnfinished({ nodes, services, tasks, head, headTime }: ClusterState): string[] {
  const absent = [...nodes.values()].filter(({ status }) => status !== 'ready');
  const moving = [...tasks.values()].filter(
    ({ observed, desired }) => observed <= TaskState.RUNNING && observed !== desired,
  );
  return [
    `at sequence ${head}, ${new Date(headTime).toISOString()}`,
    ...absent.map(({ description, status }) => `node ${description.hostname} is ${status}`),
    ...[...services.values()].map(describeService).filter((line) => line !== undefined),
    ...moving.slice(0, SHOWN).map((task) => {
      const name = `${task.service.spec.name}.${task.slot.number} (${task.id}, generation ${task.generation})`;
      const [observed, desired] = [task.observed, task.desired].map(nameTaskState);
      const where = task.node?.description.hostname;
      return `${name} is ${observed}, wanted ${desired}, on ${where}: ${task.message} ${task.err}`;
    }),
  ];
}

function describeService(service: Service): string | undefined {
  const { id, spec, dead, waiting, pending, outdated, settling, doubled, crowded } = service;
  const indices = { dead, waiting, pending, outdated, settling, doubled, crowded };
  const open = Object.entries(indices).flatMap(([name, { size }]) => (size > 0 ? [`${size} ${name}`] : []));
  return open.length === 0 ? undefined : `service ${spec.name} (${id}): ${open.join(', ')}`;
}

function tell(fact: Fact): string {
  const about = fact.is === 'event' ? fact.event : fact;
  return `#${fact.seq} ${fact.subject} ${JSON.stringify(about)}`.slice(0, 200);
}
