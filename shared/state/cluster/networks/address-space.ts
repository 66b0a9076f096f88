// Who holds what of one subnet: nodes have blocks, out of which their tasks have addresses, and services have virtual addresses
// beside the blocks. Places are counted from the subnet's first address. A block without a held address is anybody's who
// takes of it; until then it stays where it is, as the next task of its node will want it.
import { type IpBlock, offsetOfText } from '@muster/model';

/** Consecutive places. Those that are held never overlap. */
export interface Span {
  readonly start: number;
  readonly size: number;
}

export interface Block extends Span {
  readonly nodeId: string;
  /** How many of its addresses tasks hold. */
  readonly held: number;
}

export interface Vip extends Span {
  readonly serviceId: string;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };
type Held = Mutable<Block> | Vip;

const none: readonly Block[] = [];

export class AddressSpace {
  /** By where they begin. */
  private readonly spans: Held[] = [];
  private readonly byNode = new Map<string, Mutable<Block>[]>();
  /** Of the addresses that tasks hold. */
  private readonly taskAt = new Map<number, string>();
  private vipCount = 0;

  constructor(readonly subnet: IpBlock) {}

  /** No task and no service has anything of it. */
  get isIdle(): boolean {
    return this.vipCount + this.taskAt.size === 0;
  }

  get heldByTasks(): number {
    return this.taskAt.size;
  }

  /** By where they begin. */
  *blocks(): Generator<Block> {
    for (const span of this.spans) if ('nodeId' in span) yield span;
  }

  /** By where they are. */
  *vips(): Generator<Vip> {
    for (const span of this.spans) if ('serviceId' in span) yield span;
  }

  blocksOf(nodeId: string): readonly Block[] {
    return this.byNode.get(nodeId) ?? none;
  }

  /** The task or the service that holds the address. */
  holderAt(place: number): string | undefined {
    const task = this.taskAt.get(place);
    if (task !== undefined) return task;
    const span = this.spans[this.lastUpTo(place)];
    return span && 'serviceId' in span && span.start === place ? span.serviceId : undefined;
  }

  /** The last thing that is held of the span; blocks that anybody may take count as held unless told otherwise. */
  lastWithin(span: Span, { idleToo = true } = {}): Span | undefined {
    for (let at = this.lastUpTo(endOf(span) - 1); at >= 0; at -= 1) {
      const held = this.spans[at]!;
      if (endOf(held) <= span.start) return undefined;
      if (idleToo || !isIdle(held)) return held;
    }
    return undefined;
  }

  /** False when somebody else has it. */
  mayTakeVip(place: number, serviceId: string): boolean {
    const holder = this.lastWithin({ start: place, size: 1 }, { idleToo: false });
    return !holder || ('serviceId' in holder && holder.serviceId === serviceId);
  }

  takeVip(place: number, serviceId: string): boolean {
    if (!this.mayTakeVip(place, serviceId)) return false;
    if (this.holderAt(place) === serviceId) return true;
    this.put({ start: place, size: 1, serviceId });
    this.vipCount += 1;
    return true;
  }

  /** False when it was not that service's. */
  dropVip(place: number, serviceId: string): boolean {
    const at = this.lastUpTo(place);
    const span = this.spans[at];
    if (!span || !('serviceId' in span) || span.start !== place || span.serviceId !== serviceId) return false;
    this.spans.splice(at, 1);
    this.vipCount -= 1;
    return true;
  }

  /** False when somebody holds something of it. */
  takeBlock({ start, size }: Span, nodeId: string): boolean {
    if (this.lastWithin({ start, size }, { idleToo: false })) return false;
    this.put({ start, size, nodeId, held: 0 });
    return true;
  }

  /** False when it is in no block of the node, or another task has it. */
  mayTakeAddress(place: number, nodeId: string): boolean {
    return this.blockAt(place)?.nodeId === nodeId && !this.taskAt.has(place);
  }

  takeAddress(place: number, nodeId: string, taskId: string): boolean {
    if (!this.mayTakeAddress(place, nodeId)) return false;
    this.blockAt(place)!.held += 1;
    this.taskAt.set(place, taskId);
    return true;
  }

  /** False when it was not that task's. */
  dropAddress(place: number, taskId: string): boolean {
    if (this.taskAt.get(place) !== taskId) return false;
    this.taskAt.delete(place);
    this.blockAt(place)!.held -= 1;
    return true;
  }

  /** The node is gone, and what its tasks had. */
  dropBlocksOf(nodeId: string): void {
    for (const block of [...this.blocksOf(nodeId)]) if (block.held === 0) this.remove(block);
  }

  private blockAt(place: number): Mutable<Block> | undefined {
    const span = this.spans[this.lastUpTo(place)];
    return span && 'nodeId' in span && place < endOf(span) ? span : undefined;
  }

  /** Idle blocks that are in its way are their nodes' no more. */
  private put(span: Held): void {
    for (let idle = this.lastWithin(span); idle; idle = this.lastWithin(span))
      this.remove(idle as Mutable<Block>);
    this.spans.splice(this.lastUpTo(span.start) + 1, 0, span);
    if (!('nodeId' in span)) return;
    const blocks = this.byNode.get(span.nodeId);
    if (!blocks) this.byNode.set(span.nodeId, [span]);
    else blocks.splice(indexUpTo(blocks, span.start) + 1, 0, span);
  }

  private remove(block: Mutable<Block>): void {
    this.spans.splice(this.lastUpTo(block.start), 1);
    const blocks = this.byNode.get(block.nodeId)!;
    blocks.splice(indexUpTo(blocks, block.start), 1);
    if (blocks.length === 0) this.byNode.delete(block.nodeId);
  }

  /** Index of the last span that begins there or before; -1 when there is none. */
  private lastUpTo(place: number): number {
    return indexUpTo(this.spans, place);
  }
}

export interface Place<Space> {
  readonly space: Space;
  readonly place: number;
}

/** In which of the spaces an address is, as it is written. */
export function findPlace<Space extends Pick<AddressSpace, 'subnet'>>(
  of: { readonly spaces: readonly Space[] } | undefined,
  address: string,
): Place<Space> | undefined {
  for (const space of of?.spaces ?? []) {
    const place = offsetOfText(space.subnet, address);
    if (place !== undefined) return { space, place };
  }
  return undefined;
}

function indexUpTo(spans: readonly Span[], place: number): number {
  let [low, high] = [0, spans.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (spans[middle]!.start <= place) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

function endOf({ start, size }: Span): number {
  return start + size;
}

function isIdle(held: Held): boolean {
  return 'nodeId' in held && held.held === 0;
}
