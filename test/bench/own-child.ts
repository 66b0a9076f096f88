// This program once more, as a child: for what needs a process of its own, with memory that nobody has used.
import { spawn } from 'node:child_process';
import { tie } from './tie.ts';

/** It says what it has to say on standard output; a signal of a terminal's doesn't reach it. BENCH_NODE_ARGS are flags for Node, to profile. */
export function spawnSelf(args: readonly string[]) {
  const nodeArgs = (process.env.BENCH_NODE_ARGS ?? '').split(' ').filter(Boolean);
  return spawn(...tie([process.execPath, '--expose-gc', ...nodeArgs, process.argv[1]!, ...args]), {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}
