import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { CliError } from '../errors.ts';
import { durationValue } from '../flags/values.ts';
import { readGlobals } from '../globals.ts';
import { addExamples, withCluster } from './context.ts';
import { intentIdOption, type WaitFlags } from './wait-options.ts';

export function addPubCommand(program: Command): void {
  const command = program
    .command('pub')
    .summary('Publish an intent as it is')
    .description(
      'Publish an intent as it is, as any NATS client can, and show what became of it. A subject that does not begin with "muster." is taken to follow "muster.intent.<actor>.", or "muster.intent.@<team>.<actor>." with --team.',
    )
    .usage('[OPTIONS] SUBJECT [JSON]')
    .argument('<subject>', 'muster.intent.[@<team>.]<actor>.<kind>.<verb>[.<name>], or its end')
    .argument('[json]', 'the payload; "-" reads standard input, nothing at all sends none')
    .option('-d, --detach', "don't wait for the verdict")
    .addOption(
      new Option('--timeout <duration>', 'wait so long for the verdict (30s)').argParser(durationValue),
    )
    .addOption(intentIdOption());
  addExamples(
    command,
    `muster pub service.apply.web '{"image":"nginx:alpine","replicas":3}'`,
    `muster pub muster.intent.ana.service.scale.web '{"replicas":5}'`,
    'muster pub --team payments service.remove.web',
    'muster pub service.apply.web - < web.json',
  );
  command.action(async (given: string, json: string | undefined, flags: WaitFlags) => {
    const { as, team } = readGlobals(command);
    const whose = team === '' ? as : `@${team}.${as}`;
    const subject = given.startsWith('muster.') ? given : `muster.intent.${whose}.${given}`;
    // Events are their roles' to write: from anybody else they would be quarantined.
    if (!subject.startsWith('muster.intent.'))
      throw new CliError(`not a subject of an intent: "${subject}" does not begin with "muster.intent."`);
    const payload = json === '-' ? readFileSync(0) : new TextEncoder().encode(json ?? '');
    await withCluster(command, async (context) => {
      const { publishRaw } = await import('../wait/publish-raw.ts');
      await publishRaw(context, subject, payload, flags).catch((error: unknown) => {
        // What can't be a subject of the log.
        throw error instanceof TypeError ? new CliError(error.message) : error;
      });
    });
  });
}
