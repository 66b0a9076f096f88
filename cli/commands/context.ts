// What every command works with. The connection is made, and its libraries are loaded, only when a command runs.
import type { Command } from 'commander';
import { usageError } from '../errors.ts';
import { type GlobalOptions, readGlobals } from '../globals.ts';
import { openTerminal, type Terminal } from '../output/terminal.ts';
import type { Session } from '../session.ts';

export interface Context extends Session {
  readonly terminal: Terminal;
}

export async function withCluster(command: Command, run: (context: Context) => Promise<void>): Promise<void> {
  const globals = readGlobals(command);
  await checkTeam(globals);
  const terminal = terminalFor(globals);
  const { withSession } = await import('../session.ts');
  await withSession(globals, (session) => run({ ...session, terminal }), sayOnce(terminal));
}

function sayOnce({ note }: Terminal): (outOfSightMs: number) => void {
  let said = false;
  return (outOfSightMs) => {
    if (said) return;
    said = true;
    note(
      `Warning: the muster API that answers has not seen what the log took in the last ${Math.ceil(outOfSightMs / 1000)} seconds: what is shown may be as old. See \`muster doctor\`.\n`,
    );
  };
}

async function checkTeam({ team }: GlobalOptions): Promise<void> {
  if (team === '') return;
  const { checkTeamName } = await import('@muster/model');
  const refusal = checkTeamName(team);
  if (refusal) throw usageError(refusal.message);
}

export function terminalFor({ color }: Pick<GlobalOptions, 'color'>): Terminal {
  return openTerminal({ color });
}

export function addExamples(command: Command, ...examples: readonly string[]): Command {
  return command.addHelpText('after', `\nExamples:\n${examples.map((example) => `  ${example}\n`).join('')}`);
}
