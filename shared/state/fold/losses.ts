// What the log has lost, as far as somebody noticed. Commands that follow from what was lost are still there, and agents
// have obeyed them: from then on, all commands count from beyond them.
import type { EventFact, EventOf, EventType } from '@muster/events';
import type { ClusterState } from '../cluster/state.ts';

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
  const { after, to, basis, intents, omitted = 0 } = event;
  const isCountedAnew = countFrom(state, basis);
  const index = state.losses.findIndex((loss) => loss.after === after);
  const known = state.losses[index];
  if (known === undefined) return add(state, { time, after, to, intents, omitted });
  const named = new Set(known.intents.map(({ seq }) => seq));
  const more = intents.filter(({ seq }) => !named.has(seq));
  if (more.length === 0 && to <= known.to && omitted <= known.omitted) return isCountedAnew;
  state.losses[index] = {
    ...known,
    to: Math.max(to, known.to),
    intents: [...known.intents, ...more],
    omitted: Math.max(omitted, known.omitted),
  };
  return true;
}

export function recordCommandsAhead(
  state: ClusterState,
  { time, event: { basis } }: FactOf<'cluster.commands_ahead'>,
): boolean {
  if (!countFrom(state, basis)) return false;
  return add(state, { time, after: 0, to: basis, intents: [], omitted: 0 });
}

function add(state: ClusterState, loss: Loss): boolean {
  state.losses.push(loss);
  if (state.losses.length > LOSSES_KEPT) state.losses.shift();
  return true;
}

/** False when they do already. */
export function countFrom(state: ClusterState, basis: number): boolean {
  if (basis <= basisOf(state, 0)) return false;
  state.basisOffset = basis;
  return true;
}

/** What a command has for its basis that follows from this sequence: of two for a task, the one with the higher holds. */
export function basisOf({ basisOffset }: Pick<ClusterState, 'basisOffset'>, seq: number): number {
  return basisOffset + seq;
}
