// `muster demo`: what `npm run demo` runs.
import { type BackendKind, backendKinds } from '@muster/backends';
import { type Command, Option } from 'commander';
import { CliError } from '../errors.ts';
import { readGlobals } from '../globals.ts';
import { openTerminal } from '../output/terminal.ts';
import { runDemo } from './demo.ts';

export function addDemoCommand(program: Command): void {
  program
    .command('demo')
    .summary('Show a small application on three nodes')
    .description(
      'Start a cluster of three nodes on this machine, deploy three services, scale one, kill a task and see it replaced, show what happened and why, and stay with a live table until Ctrl-C. Everything it made is removed at the end.',
    )
    .option('--once', 'do not stay: check each step against the engine, clean up and end')
    .addOption(new Option('--backend <kind>', 'what runs the tasks').choices(backendKinds))
    .addHelpText(
      'after',
      '\nExamples:\n  npm run demo\n  npm run demo -- --once\n  npm run demo -- --backend process',
    )
    .action(async (options: { once?: boolean; backend?: BackendKind }, command: Command) => {
      const terminal = openTerminal(readGlobals(command));
      const stop = new AbortController();
      const onSignal = () => {
        stop.abort();
        // The next one is not caught any more.
        process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      };
      process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
      try {
        await runDemo({
          backend: options.backend ?? chooseBackend(terminal.note),
          once: options.once === true,
          terminal,
          signal: stop.signal,
        });
      } catch (error) {
        if (!stop.signal.aborted) throw new CliError(`The demo failed: ${(error as Error).message}`);
      } finally {
        process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
      }
      terminal.write('Done: nothing is left behind.\n');
    });
}

/** Docker, unless the set-up found that there is none to be had. */
function chooseBackend(note: (text: string) => void): BackendKind {
  const reason = process.env.MUSTER_NO_ENGINE;
  if (!reason) return 'docker';
  note(`${reason} Going on with plain processes instead.\n`);
  return 'process';
}
