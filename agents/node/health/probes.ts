// Runs the checks of tasks that the backend does not run itself, by its `exec`: of each task one at a time of either kind, for as
// long as it runs and is wanted.
import { type Backend, BackendUnavailableError, type ExecResult } from '@muster/backends';
import type { Clock, Logger } from '@muster/runtime';
import { hasEnded, isToEnd } from '../tasks/next-step.ts';
import { describeError } from '../tasks/patience.ts';
import type { TaskEntry } from '../tasks/task-entry.ts';
import type { Check } from './checks.ts';
import type { Condition } from './condition.ts';
import { chooseInterval, type Judgement, judgeProbe } from './judge-probe.ts';

export interface ProbesOptions {
  readonly backend: Pick<Backend, 'exec'>;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  readonly entries: ReadonlyMap<string, TaskEntry>;
  /** The task is another way than it was. */
  readonly onTurn: (entry: TaskEntry) => void;
}

export interface Probes {
  /** The task runs. Asked again, it does nothing. */
  watch(entry: TaskEntry): void;
}

type Kind = 'health' | 'readiness';

interface Outcome {
  readonly passed: boolean;
  readonly words?: string;
}

const MOST_WORDS = 200;

export function createProbes(options: ProbesOptions): Probes {
  const { backend, clock, logger, signal, entries, onTurn } = options;
  const watched = new WeakSet<TaskEntry>();

  function follow(entry: TaskEntry, kind: Kind, check: Check): void {
    const startedAt = clock.now();
    let judged: Judgement = { health: entry.condition?.[kind] ?? 'starting', streak: 0 };
    const ageOf = () => clock.now() - startedAt;
    const isOver = () =>
      signal.aborted ||
      entry.presence !== 'running' ||
      entries.get(entry.id) !== entry ||
      hasEnded(entry.reached) ||
      isToEnd(entry.wanted);

    function goOn(delayMs: number): void {
      clock.schedule(delayMs, () => {
        if (isOver()) return;
        lookOnce().catch((error) =>
          logger.error({ task: entry.id, err: describeError(error) }, 'a task is checked no more'),
        );
      });
    }

    async function lookOnce(): Promise<void> {
      const age = ageOf();
      const outcome = await probe(entry.id, check);
      if (isOver()) return;
      if (outcome) take(judgeProbe(judged, outcome.passed, check, age), outcome);
      if (!isOver()) goOn(chooseInterval(judged, check, ageOf()));
    }

    function take(judgement: Judgement, { passed, words }: Outcome): void {
      const turns = judgement.health !== judged.health;
      judged = judgement;
      const condition: Condition = { ...entry.condition, words: passed ? undefined : words };
      entry.condition = turns ? { ...condition, [kind]: judged.health } : condition;
      if (turns) onTurn(entry);
    }

    // What is not yet to be sent anything waits for nothing but its first success.
    goOn(kind === 'readiness' ? 0 : chooseInterval(judged, check, 0));
  }

  /** Undefined when nothing can be told of it, the engine being away. */
  async function probe(taskId: string, { command, timeoutMs }: Check): Promise<Outcome | undefined> {
    const limit = new AbortController();
    const late = new Error(`the check took longer than ${timeoutMs} ms`);
    const timer = clock.schedule(timeoutMs, () => limit.abort(late));
    try {
      const result = await backend.exec(taskId, command, { signal: limit.signal });
      return { passed: result.exitCode === 0, words: quote(result) };
    } catch (error) {
      if (error instanceof BackendUnavailableError) return undefined;
      return { passed: false, words: describeError(error) };
    } finally {
      timer.cancel();
    }
  }

  return {
    watch(entry) {
      const { checks, isTold } = entry.condition ?? {};
      if (checks === undefined || watched.has(entry)) return;
      watched.add(entry);
      if (checks.health && !isTold) follow(entry, 'health', checks.health);
      if (checks.ready) follow(entry, 'readiness', checks.ready);
    },
  };
}

/** The last line that it had to say. */
function quote({ exitCode, stdout, stderr }: ExecResult): string {
  const line = `${stdout}\n${stderr}`.trim().split('\n').at(-1)!.slice(-MOST_WORDS);
  return line === '' ? `exit code ${exitCode}` : `exit code ${exitCode}: ${line}`;
}
