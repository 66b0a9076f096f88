// A binary heap of candidates, the one to be given the next task on top.
import type { Candidate } from './candidate.ts';

type Less = (a: Candidate, b: Candidate) => boolean;

/** Puts an array into heap order, in place. */
export function heapify(heap: Candidate[], less: Less): void {
  for (let place = (heap.length >> 1) - 1; place >= 0; place -= 1) sink(heap, place, less);
}

/**
 * Adds a wanted candidate to a heap of the best `size` that were offered. While it is being filled so, the worst of
 * a full one is on top: heapify before taking any.
 */
export function offer(heap: Candidate[], candidate: Candidate, size: number, less: Less): void {
  const worse: Less = (a, b) => less(b, a);
  if (heap.length < size) {
    heap.push(candidate);
    if (heap.length === size) heapify(heap, worse);
  } else {
    heap[0] = candidate;
    sink(heap, 0, worse);
  }
}

export function isWanted(
  heap: readonly Candidate[],
  candidate: Candidate,
  size: number,
  less: Less,
): boolean {
  return heap.length < size || less(candidate, heap[0]!);
}

/** Restores the order after the candidate on top has become less attractive. */
export function sinkTop(heap: Candidate[], less: Less): void {
  sink(heap, 0, less);
}

export function dropTop(heap: Candidate[], less: Less): void {
  const last = heap.pop()!;
  if (heap.length === 0) return;
  heap[0] = last;
  sink(heap, 0, less);
}

function sink(heap: Candidate[], start: number, less: Less): void {
  const item = heap[start]!;
  let place = start;
  for (;;) {
    let child = 2 * place + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && less(heap[child + 1]!, heap[child]!)) child += 1;
    if (!less(heap[child]!, item)) break;
    heap[place] = heap[child]!;
    place = child;
  }
  heap[place] = item;
}
