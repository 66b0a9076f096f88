// Reads what nodes said of tasks, and who gave them to which: of the nodes that they were given to alone, while they
// lived there. A report of a node that was never given the task is not in its story.
import { decode, eventSubject } from '@muster/events';
import type { ClusterState } from '@muster/state';
import type { FactReader } from '../replay/fact-reader.ts';
import { type LifeSpan, planStretches, type Stay } from './audit-lives.ts';
import { tasksIn } from './audit-story.ts';

/** More filters than this cost a server more than what they save. */
const MAX_NODES = 200;
/** Reading on costs less than reading anew. */
const NEAR = 1_000;

/** Records from one look for tasks that ended without a node to the next. */
const LOOK_EVERY = 100;

export async function readNodes(
  reader: FactReader,
  state: ClusterState,
  spans: readonly LifeSpan[],
): Promise<void> {
  const stays = await readAssignments(reader, state, spans);
  const ids = new Set(spans.map(({ id }) => id));
  for (const { from, to, nodeIds } of planStretches(stays)) {
    const nodes = nodeIds.size > MAX_NODES ? ['*'] : [...nodeIds];
    const subjects = nodes.flatMap((node) => [
      eventSubject('agent', 'node', node),
      eventSubject('dispatcher', 'node', node),
    ]);
    for await (const record of reader.records(from, subjects, to)) {
      const fact = decode(record);
      if (fact.is === 'event' && tasksIn(fact).some((id) => ids.has(id))) reader.keep(fact);
    }
  }
}

/** Which node each task was given to: from where it was created on, until it was. */
async function readAssignments(
  reader: FactReader,
  state: ClusterState,
  spans: readonly LifeSpan[],
): Promise<Stay[]> {
  const stays: Stay[] = [];
  const waiting = spans
    .filter(({ id }) => {
      const task = state.tasks.get(id);
      return !task || task.node;
    })
    .sort((a, b) => a.createdSeq - b.createdSeq);
  for (let next = 0; next < waiting.length; ) {
    const open = new Map<string, LifeSpan>();
    const openUpTo = (seq: number) => {
      for (; waiting[next] && waiting[next]!.createdSeq <= seq; next += 1)
        open.set(waiting[next]!.id, waiting[next]!);
    };
    const from = waiting[next]!.createdSeq;
    openUpTo(from);
    let seen = 0;
    for await (const record of reader.records(from, [eventSubject('scheduler', 'node', '*')])) {
      openUpTo(record.seq);
      seen += 1;
      if (seen % LOOK_EVERY === 0)
        for (const { id, endSeq } of open.values()) if (endSeq < record.seq) open.delete(id);
      const fact = decode(record);
      if (fact.is === 'event' && fact.event.type === 'tasks.assigned') {
        const { nodeId, tasks } = fact.event;
        for (const id of tasks) {
          const span = open.get(id);
          if (!span) continue;
          reader.keep(fact);
          // One that did not stand is followed by the one that did.
          if ((state.tasks.get(id)?.node?.id ?? nodeId) !== nodeId) continue;
          stays.push({ nodeId, from: record.seq, to: span.endSeq });
          open.delete(id);
        }
      }
      if (open.size === 0 && (waiting[next]?.createdSeq ?? Number.POSITIVE_INFINITY) > record.seq + NEAR)
        break;
    }
    // Nothing was assigned any more.
    if (open.size > 0) break;
  }
  return stays;
}
