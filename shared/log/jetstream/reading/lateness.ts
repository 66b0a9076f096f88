// How late a follower is: for how long something has been in the stream that has not come to it yet. However much or little
// that is, and whether nothing comes or too little. Pure.

/** Ends that are remembered; between them nobody needs to tell more exactly. */
const MOST_ENDS = 100;

export class Lateness {
  private readonly ends: { readonly seq: number; readonly at: number }[] = [];

  /** The stream was seen to end there. */
  noteEnd(seq: number, now: number): void {
    const last = this.ends.at(-1);
    if (last !== undefined && last.seq >= seq) return;
    if (this.ends.length === MOST_ENDS) this.ends.pop();
    this.ends.push({ seq, at: now });
  }

  /** In ms, of a follower that has got everything up to there. */
  measure(position: number, now: number): number {
    while (this.ends.length > 0 && this.ends[0]!.seq <= position) this.ends.shift();
    const [first] = this.ends;
    return first === undefined ? 0 : now - first.at;
  }
}
