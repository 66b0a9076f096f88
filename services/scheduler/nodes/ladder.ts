// The nodes by how many tasks they have: a rung for each number that occurs, and on it the ranks of the nodes. Moving a
// node costs the same however many there are, and from bottom to top it is the order in which nodes get tasks.
import { addBit, type Bits, createBits, deleteBit, lowestBit } from './bits.ts';

interface Rung {
  readonly height: number;
  readonly ranks: Bits;
  members: number;
}

export interface Ladder {
  put(rank: number, height: number): void;
  move(rank: number, from: number, to: number): void;
  /** Goes up through the ranks that are in all of the masks. The ladder must not change meanwhile. */
  climb(...masks: readonly Int32Array[]): Climb;
}

export interface Climb {
  /** -1 at the end. */
  next(): number;
  /** What it has cost so far, in ranks and words looked at. */
  readonly steps: number;
}

export function createLadder(size: number): Ladder {
  /** From the bottom up; none of them empty. */
  const rungs: Rung[] = [];
  const rungByHeight = new Map<number, Rung>();
  /** Of rungs that are gone. */
  const spare: Bits[] = [];

  function add(height: number): Rung {
    const rung = { height, ranks: spare.pop() ?? createBits(size), members: 0 };
    rungByHeight.set(height, rung);
    rungs.splice(findPlace(height), 0, rung);
    return rung;
  }

  function findPlace(height: number): number {
    let [low, high] = [0, rungs.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (rungs[middle]!.height < height) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function put(rank: number, height: number): void {
    const rung = rungByHeight.get(height) ?? add(height);
    addBit(rung.ranks, rank);
    rung.members += 1;
  }

  return {
    put,
    move(rank, from, to) {
      const rung = rungByHeight.get(from)!;
      deleteBit(rung.ranks, rank);
      rung.members -= 1;
      if (rung.members === 0) {
        rungByHeight.delete(from);
        rungs.splice(findPlace(from), 1);
        spare.push(rung.ranks);
      }
      put(rank, to);
    },
    climb: (...masks) => new UpTheRungs(rungs, masks),
  };
}

class UpTheRungs implements Climb {
  steps = 0;
  private rung = -1;
  private words: Int32Array = none;
  private heads: Int32Array = none;
  /** Of the heads and of the words: where it is, and what is left there. */
  private head = -1;
  private wordsLeft = 0;
  private word = 0;
  private ranksLeft = 0;

  constructor(
    private readonly rungs: readonly Rung[],
    private readonly masks: readonly Int32Array[],
  ) {}

  next(): number {
    for (;;) {
      this.steps += 1;
      if (this.ranksLeft !== 0) {
        const { ranksLeft } = this;
        this.ranksLeft = ranksLeft & (ranksLeft - 1);
        return (this.word << 5) + lowestBit(ranksLeft);
      }
      if (this.wordsLeft !== 0) this.enterWord();
      else if (this.head + 1 < this.heads.length) {
        this.head += 1;
        this.wordsLeft = this.heads[this.head]!;
      } else if (!this.enterRung()) return -1;
    }
  }

  private enterWord(): void {
    const { wordsLeft, masks } = this;
    this.wordsLeft = wordsLeft & (wordsLeft - 1);
    this.word = (this.head << 5) + lowestBit(wordsLeft);
    let ranks = this.words[this.word]!;
    for (let place = 0; place < masks.length; place += 1) ranks &= masks[place]![this.word]!;
    this.ranksLeft = ranks;
  }

  private enterRung(): boolean {
    this.rung += 1;
    const rung = this.rungs[this.rung];
    if (!rung) return false;
    this.words = rung.ranks.words;
    this.heads = rung.ranks.heads;
    this.head = -1;
    return true;
  }
}

const none = new Int32Array(0);
