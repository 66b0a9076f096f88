// A service under update as the log tells of it: what is decided is folded, what is placed is placed at once, and what runs,
// fails and stops is up to the test. For the tests here.
import { isTerminal, TaskState } from '@muster/model';
import { isLive, type Service, type Task } from '@muster/state';
import {
  allocateService,
  assign,
  type History,
  joinReadyNode,
  report,
  serviceNamed,
  settle,
  startHistory,
  tasksOf,
} from '@muster/testing';
import { createOrchestrator } from '../orchestrator.ts';

type Body = Record<string, unknown>;
/** What becomes of a task when it starts. */
type Fate = (task: Task) => 'running' | 'failed' | 'stays';

export interface Rollout {
  readonly history: History;
  readonly service: Service;
  /** Somebody asks for the spec. */
  apply(body: Body): void;
  rollBack(): void;
  /** Everything happens that is to happen now. */
  play(fate?: Fate): void;
  /** Time passes, and everything happens that is to happen then. */
  pass(ms: number, fate?: Fate): void;
  end(...tasks: readonly Task[]): void;
  /** Images of the tasks that are to run, by slot. */
  images(): string[];
  /** Tasks that updates have made, by slot, as far as they are remembered. */
  updated(): Task[];
  /** Another copy takes over that knows nothing but the log. */
  killOrchestrator(): void;
}

type Said = { readonly id: string; readonly state: 'running' | 'failed' | 'shutdown' };

const runs: Fate = () => 'running';

/** So long that what fails is not restarted in between. */
const NEVER = '2000h';

export function startRollout(body: Body, { wire = 2 } = {}): Rollout {
  const history = startHistory({ wire });
  joinReadyNode(history, 'n1', { resources: { nanoCpus: 1e12, memoryBytes: 2 ** 50 } });
  let orchestrator = createOrchestrator();
  const complete = (given: Body) => ({ image: 'web:1', restart: { delay: NEVER }, ...given });

  function decide(): void {
    settle(history, orchestrator);
    const service = serviceNamed(history.state, 'web');
    if (!service.version.ports) allocateService(history, service);
    const pending = [...service.pending].map(({ id }) => id);
    if (pending.length > 0) assign(history, 'n1', ...pending);
  }

  /** Returns whether anything happened. */
  function observe(fate: Fate): boolean {
    const statuses = tasksOf(serviceNamed(history.state, 'web')).flatMap((task): Said[] => {
      if (task.observed < TaskState.ASSIGNED || isTerminal(task.observed)) return [];
      if (!isLive(task)) return [{ id: task.id, state: 'shutdown' }];
      if (task.observed === TaskState.RUNNING || task.desired < TaskState.RUNNING) return [];
      const state = fate(task);
      return state === 'stays' ? [] : [{ id: task.id, state }];
    });
    if (statuses.length > 0) report(history, 'n1', ...statuses);
    return statuses.length > 0;
  }

  const rollout: Rollout = {
    history,
    get service() {
      return serviceNamed(history.state, 'web');
    },
    apply(given) {
      history.intend('apply', 'web', complete(given));
      decide();
    },
    rollBack() {
      history.intend('rollback', 'web', undefined);
      decide();
    },
    play(fate = runs) {
      do decide();
      while (observe(fate));
    },
    pass(ms, fate) {
      history.wait(ms);
      rollout.play(fate);
    },
    end(...tasks) {
      report(history, 'n1', ...tasks.map(({ id }) => ({ id, state: 'failed' as const })));
    },
    images() {
      const live = tasksOf(rollout.service).filter(isLive);
      return live.map(({ version }) => version.spec.containerSpec.image);
    },
    updated: () => tasksOf(rollout.service).filter(({ cause }) => cause === 'update'),
    killOrchestrator() {
      orchestrator = createOrchestrator();
      for (const id of history.state.services.keys()) history.changes.services.add(id);
    },
  };
  rollout.apply(body);
  rollout.play();
  return rollout;
}
