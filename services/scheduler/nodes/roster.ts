// The nodes in the order of their ranks, as columns of numbers: what each has left and how many tasks, by the state and,
// while a round is composed, by what that round has given. It lives between rounds, follows the state by what changed,
// and is the one place through which placement reaches nodes.
import type { NodeDescription, NodeSpec, NodeStatus } from '@muster/model';
import type { ClusterNode } from '@muster/state';
import type { Column } from '../filters/filter.ts';
import { filters } from '../filters/pipeline.ts';
import { isAvailable } from './availability.ts';
import { type Backends, createBackends } from './backends.ts';
import { addBit, type Bits, createBits, deleteBit, hasBit } from './bits.ts';
import { countGiven, type Draft } from './draft.ts';
import { createLadder, type Ladder } from './ladder.ts';
import { createMasks, type Masks } from './masks.ts';
import { divideNodes, type Parts } from './parts.ts';
import { Sieve } from './sieve.ts';
import { createTrees, type Trees } from './trees.ts';

/**
 * Settles what is otherwise equal: nodes come in the order of what it returns, then of their ids. Schedulers that work
 * side by side may rank them differently, so that they don't all pick the same node first.
 */
export type Rank = (nodeId: string) => string;

/** What filters have the roster keep of each node. */
const columns: readonly Column[] = filters.flatMap((filter) => filter.columns ?? []);

export class Roster {
  nodes: ClusterNode[] = [];
  /** Tasks that are to run on it. */
  totals = new Int32Array(0);
  /** By place (`placeOf`). */
  columns: readonly Float64Array[] = columns.map(() => new Float64Array(0));
  /** What the round under way gives. */
  drafts: (Draft | undefined)[] = [];
  /** Those that may be given tasks (availability.ts). */
  ready: Bits = createBits(0);
  ladder: Ladder = createLadder(0);
  masks: Masks = createMasks([]);
  backends: Backends = createBackends([]);
  trees: Trees = createTrees([]);
  /** All nodes, to begin with. */
  everyNode = new Sieve(undefined, 0);
  /** Which nodes this scheduler begins with, of several. */
  parts: Parts | undefined;

  /** Where each stands on the ladder. */
  private heights = new Int32Array(0);
  private readonly entries = new Map<string, Entry>();
  /** In the order of ranks. */
  private order: Entry[] = [];
  private newcomers: Entry[] = [];
  private someLeft = false;

  constructor(
    private readonly rank: Rank,
    private readonly isOurs: (nodeId: string) => boolean = () => true,
  ) {}

  /** Undefined for a node that isn't there, or that is yet to be lined up. */
  rankOf(nodeId: string): number | undefined {
    const rank = this.entries.get(nodeId)?.rank;
    return rank === NOT_YET ? undefined : rank;
  }

  /** A node that changed in any way. True when it is new, or its status, its description or what is wanted of it is. */
  follow(node: ClusterNode): boolean {
    const entry = this.entries.get(node.id);
    if (!entry) {
      const { id, status, description, spec } = node;
      const newcomer = { node, key: this.rank(id), rank: NOT_YET, status, description, spec };
      this.entries.set(id, newcomer);
      this.newcomers.push(newcomer);
      return true;
    }
    const changed = entry.status !== node.status || entry.spec !== node.spec;
    // Its labels are the agent's and the operator's, its role is the operator's.
    const redescribed = entry.description !== node.description || entry.spec !== node.spec;
    const moved = entry.description.engine.backend !== node.description.engine.backend;
    entry.node = node;
    entry.status = node.status;
    entry.description = node.description;
    entry.spec = node.spec;
    if (entry.rank === NOT_YET) return changed || redescribed;
    this.nodes[entry.rank] = node;
    this.refresh(entry.rank);
    if (changed) this.noteStatus(entry.rank);
    if (redescribed) {
      this.masks.update(entry.rank);
      if (moved) this.backends = createBackends(this.nodes);
      this.trees.update(entry.rank);
      this.forgetSieves();
    }
    return changed || redescribed;
  }

  forget(nodeId: string): void {
    if (this.entries.delete(nodeId)) this.someLeft = true;
  }

  /** Other schedulers came or went. */
  divide(): void {
    this.parts = divideNodes(this.nodes, this.isOurs);
  }

  /** Lines up those that came; everything is by rank, so it is made anew. Call it before anything is placed. */
  lineUp(): void {
    if (this.newcomers.length === 0 && !this.someLeft) return;
    const stays = (entry: Entry) => this.entries.get(entry.node.id) === entry;
    const staying = this.someLeft ? this.order.filter(stays) : this.order;
    this.order = merge(staying, this.newcomers.filter(stays).sort(compareEntries));
    this.newcomers = [];
    this.someLeft = false;
    for (const [rank, entry] of this.order.entries()) entry.rank = rank;
    this.fill();
  }

  private fill(): void {
    const { order } = this;
    const size = order.length;
    this.nodes = order.map(({ node }) => node);
    this.totals = new Int32Array(size);
    this.heights = new Int32Array(size);
    this.columns = columns.map(() => new Float64Array(size));
    this.drafts = new Array(size).fill(undefined);
    this.ready = createBits(size);
    this.ladder = createLadder(size);
    this.masks = createMasks(this.nodes);
    this.backends = createBackends(this.nodes);
    this.trees = createTrees(this.nodes);
    this.forgetSieves();
    this.divide();
    for (let rank = 0; rank < size; rank += 1) {
      this.ladder.put(rank, 0);
      this.refresh(rank);
      this.noteStatus(rank);
    }
  }

  private noteStatus(rank: number): void {
    const isReady = isAvailable(this.nodes[rank]!);
    if (hasBit(this.ready.words, rank) === isReady) return;
    (isReady ? addBit : deleteBit)(this.ready, rank);
    this.forgetSieves();
  }

  private forgetSieves(): void {
    this.everyNode = new Sieve(undefined, this.nodes.length);
  }

  /** Which of `columns` it is. */
  placeOf(column: Column): number {
    return columns.indexOf(column);
  }

  /** As the state has it. */
  refresh(rank: number): void {
    const node = this.nodes[rank]!;
    this.drafts[rank] = undefined;
    this.totals[rank] = node.activeTasks;
    for (let place = 0; place < columns.length; place += 1)
      this.columns[place]![rank] = columns[place]!(node);
    this.settle(rank);
  }

  /** Every node as the state has it. */
  dropDrafts(): void {
    for (const [rank, draft] of this.drafts.entries()) if (draft) this.refresh(rank);
  }

  /** It got tasks: from now on it stands on the ladder where it belongs. */
  settle(rank: number): void {
    const [from, to] = [this.heights[rank]!, this.totals[rank]!];
    if (from === to) return;
    this.heights[rank] = to;
    this.ladder.move(rank, from, to);
  }

  countServiceTasks(rank: number, serviceId: string): number {
    const draft = this.drafts[rank];
    const active = this.nodes[rank]!.activeByService.get(serviceId) ?? 0;
    return draft ? active + countGiven(draft, serviceId) : active;
  }
}

interface Entry {
  node: ClusterNode;
  readonly key: string;
  rank: number;
  status: NodeStatus;
  description: NodeDescription;
  spec: NodeSpec;
}

const NOT_YET = -1;

function compareEntries(a: Entry, b: Entry): number {
  if (a.key !== b.key) return a.key < b.key ? -1 : 1;
  return a.node.id < b.node.id ? -1 : 1;
}

/** Both are in order, and so is the result. */
function merge(some: readonly Entry[], others: readonly Entry[]): Entry[] {
  const all: Entry[] = [];
  let next = 0;
  for (const entry of some) {
    while (next < others.length && compareEntries(others[next]!, entry) < 0) all.push(others[next++]!);
    all.push(entry);
  }
  for (; next < others.length; next += 1) all.push(others[next]!);
  return all;
}
