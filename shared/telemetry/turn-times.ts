// Which time the log's clock showed at a sequence, for the last few thousand turns of a fold. Pure.

/** Turns that are remembered; what is older is not worth a place in memory. */
const TURNS = 4_096;

export interface TurnTimes {
  /** A turn of folding ended at this sequence, whose record has this time. */
  note(seq: number, time: number): void;
  /** The time of the turn that folded the sequence; undefined when that is too long ago, or still to come. */
  timeOf(seq: number): number | undefined;
}

export function createTurnTimes(turns = TURNS): TurnTimes {
  const seqs = new Float64Array(turns);
  const times = new Float64Array(turns);
  let noted = 0;

  return {
    note(seq, time) {
      seqs[noted % turns] = seq;
      times[noted % turns] = time;
      noted += 1;
    },
    timeOf(seq) {
      const oldest = Math.max(0, noted - turns);
      // The turn before the oldest may have folded it as well.
      if (noted === 0 || seq <= seqs[oldest % turns]! || seq > seqs[(noted - 1) % turns]!) return undefined;
      let low = oldest;
      let high = noted - 1;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (seqs[middle % turns]! >= seq) high = middle;
        else low = middle + 1;
      }
      return times[low % turns];
    },
  };
}
