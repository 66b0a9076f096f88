// The scheduler: gives pending tasks to nodes, and says why where no node suits. It looks at what is pending and at
// nodes, never at the tasks of the cluster; it never takes a task from a node.
import type { EventFact } from '@muster/events';
import { DEFAULT_TEAM, isTerminal, TaskState } from '@muster/model';
import {
  attend,
  createAttention,
  type Decision,
  earliest,
  type Noticed,
  type RecordLimit,
  type Reducer,
  type Share,
  usualRecordLimit,
} from '@muster/runtime';
import type { ClusterState, Service, Task } from '@muster/state';
import { isAvailable } from './nodes/availability.ts';
import { type Rank, Roster } from './nodes/roster.ts';
import { createFailures } from './placing/failures.ts';
import {
  chargeSteps,
  concludeRound,
  defaultLimits,
  isHalfOver,
  isOver,
  type Limits,
  type Round,
  startRound,
} from './placing/round.ts';
import { createStuck, describeStuck, type StuckService, tryNode } from './placing/stuck.ts';
import { type Turn, type TurnContext, takeTurn } from './placing/turn.ts';
import { tellNothing, tellUnsuited } from './placing/unschedulable.ts';

/** A reason that changed is told again so much later at the earliest (SwarmKit waits at most as long). */
const RETELL_AFTER_MS = 1000;
const RETELL_BATCH = 100;

export interface SchedulerOptions extends Partial<Limits> {
  readonly rank?: Rank;
  /** Which services are ours; all of them by default. */
  readonly sharing?: Share;
  readonly maxRecordBytes?: RecordLimit;
}

export function createScheduler({
  rank = (nodeId) => nodeId,
  sharing,
  maxRecordBytes = usualRecordLimit,
  ...options
}: SchedulerOptions = {}): Reducer {
  const limits: Limits = { ...defaultLimits, ...options };
  const roster = new Roster(rank, (nodeId) => !sharing || sharing.ahead(nodeId) === '');
  let divided = sharing?.version;
  const failures = createFailures();
  const self = { name: 'scheduler', share: sharing } as const;
  /** Services to look at, in turn: each until nothing of it is pending, or until it is stuck. */
  const waiting = createAttention(
    self,
    {
      name: 'services',
      tenantOf: (state, id) => state.services.get(id)?.team ?? DEFAULT_TEAM,
      decided: findDecided,
      // What is stuck with one copy is pending as well.
      certain: false,
    },
    mayNeed,
  );
  const { startRound: wake, conclude, ...reducer } = attend(self, [waiting]);
  const stuck = createStuck();
  const toldAt = new Map<string, number>();
  /** Nodes that may suit a stuck service now. */
  const improved = new Set<string>();
  /** Services stuck in the last round, and the nodes that may only have refused them for what that round gave. */
  let doubts: { readonly services: readonly string[]; readonly nodes: readonly string[] } | undefined;
  let retellAt: number | undefined;
  /** Set when a round ended before everybody had a turn. */
  let resumeAt: number | undefined;
  /** The last sequence it was told the consequences of. */
  let noticed = 0;

  function notice(state: ClusterState, changes: Noticed): void {
    reducer.notice(state, changes);
    noticed = state.head;
    for (const id of changes.services) noticeService(state.services.get(id), id);
    for (const id of changes.nodes) {
      const node = state.nodes.get(id);
      if (!node) roster.forget(id);
      else if (!roster.follow(node)) continue;
      stuck.age();
      improved.add(id);
    }
    for (const id of changes.tasks) noticeTask(state.tasks.get(id));
  }

  function noticeService(service: Service | undefined, id: string): void {
    if (service && service.pending.size > 0) {
      if (!stuck.services.has(id)) waiting.add(id);
      return;
    }
    if (stuck.services.size > 0) stuck.delete(id);
    if (toldAt.size > 0) toldAt.delete(id);
    if (service?.unschedulable) waiting.add(id);
  }

  function noticeTask(task: Task | undefined): void {
    if (!task) return;
    const { service, node } = task;
    if (node) {
      failures.note(task);
      if (stuck.services.size > 0 && freesSomething(task)) improved.add(node.id);
    } else if (service.pending.has(task)) {
      retry(service.id);
    }
  }

  function retry(serviceId: string): void {
    if (stuck.delete(serviceId)) waiting.add(serviceId);
  }

  function decide(state: ClusterState, now: number): readonly Decision[] {
    // Its figures of nodes would be older than the sequences that its decisions expect. It is about to be told.
    if (noticed !== state.head) return [];
    wake(state, now);
    if (waiting.size > 0 || stuck.services.size > 0) roster.lineUp();
    if (divided !== sharing?.version) roster.divide();
    divided = sharing?.version;
    const round = startRound(limits, maxRecordBytes(), waiting.size + waiting.held);
    const share = Math.max(limits.share, Math.floor(limits.tasks / Math.max(1, waiting.size)));
    const context = { round, roster, failures, share, now };
    const served: string[] = [];
    const nowStuck: string[] = [];

    function serve(service: Service): void {
      const { id } = service;
      const turn = takeTurnSafely(service, context);
      if (!turn) return;
      const { placed, unsuited } = turn;
      const told = placed > 0 ? undefined : tellUnsuited(state, service, unsuited);
      if (placed > 0) {
        served.push(id);
      } else if (told && mayTell(id, now)) {
        round.others.push(told);
        toldAt.set(id, now);
        served.push(id);
      } else {
        stuck.add(describeStuck(service, unsuited));
        if (told) stuck.ageOne(id);
        nowStuck.push(id);
      }
    }

    settleDoubts();
    wakeStuck(round, serve);
    retellAged(now);
    while (!isOver(round)) {
      const id = waiting.take();
      if (id === undefined) break;
      const service = state.services.get(id);
      if (service && service.pending.size > 0) {
        serve(service);
        continue;
      }
      const told = service && tellNothing(state, service);
      if (!told) continue;
      round.others.push(told);
      served.push(id);
    }
    // To the end of the line, until the state shows what was decided.
    for (const id of served) waiting.add(id);
    if (round.broken) {
      // What it had given by then can't be trusted: all of it is begun anew, without the one that broke down.
      roster.dropDrafts();
      for (const id of nowStuck) retry(id);
      resumeAt = now;
      return [];
    }
    if (nowStuck.length > 0 && round.touched.length > 0)
      doubts = { services: nowStuck, nodes: round.touched.map((rank) => roster.nodes[rank]!.id) };
    retellAt = stuck.hasAged() ? (retellAt ?? now + RETELL_AFTER_MS) : undefined;
    resumeAt = isOver(round) || improved.size > 0 ? now : undefined;
    return conclude(concludeRound(round, roster, state));
  }

  /** Undefined when it meets a bug of ours: that ends the round, and leaves the service alone for a while. */
  function takeTurnSafely(service: Service, context: TurnContext): Turn | undefined {
    const turn = waiting.guard(service.id, context.now, () => takeTurn(service, context));
    if (!turn) context.round.broken = true;
    return turn;
  }

  /** Whether it is worth a look, though another copy should have had one. */
  function mayNeed(state: ClusterState, id: string): boolean {
    const service = state.services.get(id);
    if (!service) return false;
    return service.pending.size > 0 ? !stuck.services.has(id) : service.unschedulable !== undefined;
  }

  /** What the last round gave may have come to nothing; then those it was refused to may have it. */
  function settleDoubts(): void {
    if (!doubts) return;
    for (const id of doubts.services) {
      const service = stuck.services.get(id);
      if (service && doubts.nodes.some((nodeId) => mayHaveRoom(service, nodeId))) retry(id);
    }
    doubts = undefined;
  }

  function mayTell(serviceId: string, now: number): boolean {
    return now >= (toldAt.get(serviceId) ?? Number.NEGATIVE_INFINITY) + RETELL_AFTER_MS;
  }

  function mayHaveRoom(service: StuckService, nodeId: string): boolean {
    const rank = roster.rankOf(nodeId);
    return rank !== undefined && tryNode(service, roster, rank) === 'suits';
  }

  /** A stuck service is refused by every node that has not improved since, so only those that did are tried. */
  function wakeStuck(round: Round, serve: (service: Service) => void): void {
    for (const nodeId of improved) {
      const rank = roster.rankOf(nodeId);
      if (rank !== undefined && isAvailable(roster.nodes[rank]!)) {
        for (const stuckService of stuck.services.values()) {
          if (isHalfOver(round)) return;
          chargeSteps(round, stuckService.pipelines.length);
          const { service } = stuckService;
          const result = tryNode(stuckService, roster, rank);
          if (result === 'refused otherwise') stuck.ageOne(service.id);
          if (result !== 'suits') continue;
          retry(service.id);
          if (waiting.claim(service.id)) serve(service);
        }
        // What it was given may come to nothing: it is tried once more.
        if (roster.drafts[rank]) continue;
      }
      improved.delete(nodeId);
    }
  }

  function retellAged(now: number): void {
    if (retellAt === undefined || now < retellAt) return;
    retellAt = undefined;
    for (const id of stuck.listAged(RETELL_BATCH)) retry(id);
  }

  return {
    ...reducer,
    notice,
    decide,
    nextWake: () => earliest([resumeAt ?? retellAt, reducer.nextWake()]),
    backlog: () => ({ ...reducer.backlog(), stuck: stuck.services.size, nodes: improved.size }),
  };
}

/** One of those that a decision is about is enough to tell whose it was. */
function findDecided(state: ClusterState, { event }: EventFact): string | undefined {
  if (event.type === 'tasks.unschedulable') return event.serviceId;
  return event.type === 'tasks.assigned' ? state.tasks.get(event.tasks[0] ?? '')?.service.id : undefined;
}

/** What a task leaves behind when it ends, or is to end: room for others. */
function freesSomething({ observed, desired }: Task): boolean {
  return isTerminal(observed) || desired > TaskState.COMPLETE;
}
