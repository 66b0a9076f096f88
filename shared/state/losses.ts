// What the log has lost, as far as somebody noticed. Each loss begins an epoch, which is the log's time when it was
// recorded: it counts on even when the record of an earlier loss is lost itself.
import type { EventFact, EventOf, EventType } from '@muster/events';
import type { ClusterState } from './state.ts';

type FactOf<Type extends EventType> = EventFact<EventOf<Type>>;

export interface Loss {
  /** When it was recorded, by the log's clock. */
  readonly time: number;
  /** The last sequence before what was lost; 0 when that is not known. */
  readonly after: number;
  /** The last sequence that somebody had read, or that commands follow from. */
  readonly to: number;
  /** The intents that are gone, and how many more there were than could be named. */
  readonly intents: readonly { readonly seq: number; readonly subject: string }[];
  readonly omitted: number;
}

const LOSSES_KEPT = 20;

/** Several copies may tell of one loss, each of what it had read. */
export function recordLoss(state: ClusterState, { time, event }: FactOf<'cluster.records_lost'>): boolean {
  const { after, to, intents, omitted = 0 } = event;
  const index = state.losses.findIndex((loss) => loss.after === after);
  const known = state.losses[index];
  if (known === undefined) return begin(state, { time, after, to, intents, omitted });
  const named = new Set(known.intents.map(({ seq }) => seq));
  const more = intents.filter(({ seq }) => !named.has(seq));
  if (more.length === 0 && to <= known.to && omitted <= known.omitted) return false;
  state.losses[index] = {
    ...known,
    to: Math.max(to, known.to),
    intents: [...known.intents, ...more],
    omitted: Math.max(omitted, known.omitted),
  };
  // It may be another one.
  if (after === 0) state.epoch = Math.max(time, state.epoch + 1);
  return true;
}

export function recordCommandsAhead(
  state: ClusterState,
  { time, event }: FactOf<'cluster.commands_ahead'>,
): boolean {
  return begin(state, { time, after: 0, to: event.to, intents: [], omitted: 0 });
}

function begin(state: ClusterState, loss: Loss): boolean {
  state.losses.push(loss);
  if (state.losses.length > LOSSES_KEPT) state.losses.shift();
  state.epoch = Math.max(loss.time, state.epoch + 1);
  return true;
}

/** Whether what was derived in that epoch from that sequence was derived from a part of the log that was lost since. */
export function isOfLostPart({ epoch: now, losses }: ClusterState, epoch: number, basis: number): boolean {
  return epoch < now && losses.some(({ time, after }) => time > epoch && basis > after);
}
