// `muster resolver`: the names of a node. The agent starts it; it is a process of its own, and goes on without the agent.
import { setFlagsFromString } from 'node:v8';
import { parseServerAddress, type ServerAddress, startResolver } from '@muster/resolver';
import { createLogger, type Logger, replaceFile } from '@muster/runtime';
import { createMeasures, createTelemetry, type ListenAddress } from '@muster/telemetry';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { metricsOption } from './metrics-option.ts';
import { runUntilStopped } from './run-until-stopped.ts';
import { VERSION } from './version.ts';

interface ResolverFlags {
  readonly listen: readonly ServerAddress[];
  readonly names: string;
  readonly upstream?: readonly ServerAddress[];
  readonly metrics?: ListenAddress;
  readonly counts?: string;
}

export function addResolverCommand(program: Command): void {
  program
    .command('resolver')
    .summary('Answer names for the containers of a node')
    .description(
      'Answer names for the containers of a node, over UDP and TCP. Its agent starts it, and tells it the names as files in a folder; it goes on without the agent.',
    )
    .addOption(
      new Option('--listen <addr[:port]>', 'where to answer; may be repeated; port 0 is any that is free')
        .argParser(collectListen)
        .makeOptionMandatory(),
    )
    .requiredOption('--names <dir>', 'the folder with the names of each network, and who asks from where')
    .addOption(
      new Option(
        '--upstream <addr[:port]>',
        "who is asked for all other names; may be repeated (default: the host's, /etc/resolv.conf)",
      ).argParser(collectServer),
    )
    .addOption(metricsOption())
    .option('--counts <file>', 'a file that has what was counted, written every five seconds')
    .addHelpText(
      'after',
      '\nExamples:\n  muster resolver --listen 169.254.1.1 --names /run/muster/names\n  muster resolver --listen 127.0.0.1:5353 --listen [::1]:5353 --names ./names --upstream 10.0.0.2',
    )
    .action(async (_options, command: Command) => {
      const { listen, names: folder, upstream, metrics, counts } = command.optsWithGlobals<ResolverFlags>();
      collectOften();
      const copy = `resolver-${process.pid}`;
      const logger = createLogger({ role: 'resolver', copy });
      await runUntilStopped(async () => {
        const resolver = await startResolver({
          listen,
          folder,
          logger,
          ...(upstream && { upstreams: upstream }),
        });
        const telemetry = createTelemetry(VERSION);
        telemetry.observe({ role: 'resolver', copy, measures: createMeasures(), names: resolver.read });
        try {
          if (metrics) logger.info({ url: await telemetry.listen(metrics) }, 'metrics');
        } catch (error) {
          await resolver.stop();
          throw error;
        }
        const writing = counts === undefined ? undefined : keepCounts(counts, resolver.read, logger);
        telemetry.noteStarted();
        logger.info({ addresses: resolver.addresses }, 'ready');
        return async () => {
          clearInterval(writing);
          await resolver.stop();
          await telemetry.stop();
        };
      }, logger);
    });
}

const COUNTS_EVERY_MS = 5_000;

/** For the agent, which tells of them as of its own. */
function keepCounts(file: string, read: () => object, logger: Logger): NodeJS.Timeout {
  let written = '';
  return setInterval(() => {
    const text = JSON.stringify(read());
    if (text === written) return;
    written = text;
    replaceFile(file, text).catch((error) => logger.warn({ err: String(error) }, 'counts are not written'));
  }, COUNTS_EVERY_MS);
}

/**
 * Each datagram leaves a buffer behind. Collected by the megabyte they cost a fifth of a millisecond each time, in all no more
 * than by sixteen, which costs five: and every question waits for that.
 */
function collectOften(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}

/** An answer has to come from the address that was asked, which one that stands for all addresses does not say. */
function collectListen(text: string, others: readonly ServerAddress[] = []): ServerAddress[] {
  const addresses = collectServer(text, others);
  if (['0.0.0.0', '::'].includes(addresses.at(-1)!.host))
    throw new InvalidArgumentError('name each address: answers come from the one that was asked.');
  return addresses;
}

function collectServer(text: string, others: readonly ServerAddress[] = []): ServerAddress[] {
  const address = parseServerAddress(text);
  if (!address) throw new InvalidArgumentError('it looks like 10.0.0.2, 10.0.0.2:5353 or [fd00::2]:53.');
  return [...others, address];
}
