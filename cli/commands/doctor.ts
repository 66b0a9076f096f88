import type { Command } from 'commander';
import type { Finding, Level } from '../doctor/findings.ts';
import { exitCodes } from '../errors.ts';
import { repeatable } from '../flags/service-options.ts';
import { plainJson, plainText } from '../output/plain-text.ts';
import type { Style, Terminal } from '../output/terminal.ts';
import { addExamples, withCluster } from './context.ts';

export function addDoctorCommand(program: Command): void {
  const command = program
    .command('doctor')
    .summary('Check the cluster, and say what to do')
    .description(
      'Check NATS, the streams, the API, the fold, the work in hand, the nodes, what runs their tasks, and what clusters have left on this machine; say of each how it is, and what to do. Exit code 1 when something fails.',
    )
    .addOption(
      repeatable(
        '--dir <dir>',
        'the directory of an agent, or of `muster up`, on this machine, beside the usual ones (repeatable)',
        String,
      ),
    )
    .option('--format <format>', 'json: one finding a line');
  addExamples(
    command,
    'muster doctor',
    'muster doctor --nats nats://10.0.0.1:4222',
    'muster doctor --format json',
  );
  command.action(async ({ format, dir = [] }: { format?: string; dir?: string[] }) => {
    await withCluster(command, async (context) => {
      const { examine } = await import('../doctor/examine.ts');
      const { diagnose } = await import('../doctor/findings.ts');
      const findings = diagnose(await examine(context, dir));
      const print =
        format === 'json' ? (finding: Finding) => `${plainJson(finding)}\n` : printer(context.terminal);
      context.terminal.write(findings.map(print).join(''));
      if (findings.some(({ level }) => level === 'fail')) process.exitCode = exitCodes.refused;
    });
  });
}

const styles: Readonly<Record<Level, Style>> = { ok: 'green', warn: 'yellow', fail: 'red' };

export function printer({ style }: Pick<Terminal, 'style'>): (finding: Finding) => string {
  return ({ level, what, says, advice }) => {
    const line = `${style(styles[level], level.padEnd(5))} ${what.padEnd(8)} ${plainText(says)}\n`;
    return advice === undefined ? line : `${line}${' '.repeat(15)}-> ${plainText(advice)}\n`;
  };
}
