// How the observed state of a task may change, and whose word changes it: SwarmKit's table (design/tla/Tasks.tla) with what
// its code does besides. An agent that could not report for a while leaves out what came between.
import { TaskState } from '@muster/model';

const { NEW, PENDING, ASSIGNED, ACCEPTED, PREPARING, READY, STARTING, RUNNING } = TaskState;
const { COMPLETE, SHUTDOWN, FAILED, REJECTED, ORPHANED } = TaskState;

const onTheWay = [ASSIGNED, ACCEPTED, PREPARING, READY, STARTING];
const given = [...onTheWay, RUNNING];
const ended = [COMPLETE, SHUTDOWN, FAILED, REJECTED, ORPHANED];

/** It is not there. */
type Nothing = undefined;
type Standing = TaskState | Nothing;
type Edges = readonly (readonly [from: readonly Standing[], to: readonly Standing[]])[];

const edgesOf: Readonly<Record<string, Edges>> = {
  orchestrator: [
    // The ports of its version are allocated already, as a rule.
    [[undefined], [NEW, PENDING]],
    // Reaping.
    [[NEW, PENDING, ...ended], [undefined]],
    // Its node is removed.
    [[NEW, PENDING, ...given], [ORPHANED]],
  ],
  allocator: [[[NEW], [PENDING]]],
  scheduler: [[[PENDING], [ASSIGNED]]],
  dispatcher: [[given, [ORPHANED]]],
  agent: [
    [onTheWay, [...onTheWay, RUNNING]],
    [given, [COMPLETE, SHUTDOWN, FAILED]],
    [onTheWay, [REJECTED]],
    // It had been told to stop, was cut off meanwhile, and finds out later how that ended: the fold takes the higher word.
    [[SHUTDOWN], [FAILED, REJECTED]],
  ],
};

/** Whoever writes it has to be its owner, and nothing ever falls. */
export function isTransition(writer: string, from: Standing, to: Standing): boolean {
  if (from !== undefined && to !== undefined && to <= from) return false;
  const edges = edgesOf[writer] ?? [];
  return edges.some(([before, after]) => before.includes(from) && after.includes(to));
}
