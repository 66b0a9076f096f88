// Commands that end with this process, whatever becomes of it, where the system can do that.
import { spawnSync } from 'node:child_process';

let canTie: boolean | undefined;

/** The program and its arguments, for `spawn`. */
export function tie(command: readonly string[]): [string, string[]] {
  canTie ??= spawnSync('setpriv', ['--pdeathsig', 'keep', 'true']).status === 0;
  const [first, ...rest] = canTie ? ['setpriv', '--pdeathsig', 'TERM', ...command] : command;
  return [first!, rest];
}
