// `muster events`: reads the log itself, so that it works with nothing but NATS running.
import { Directory } from '@muster/api';
import { decode } from '@muster/events';
import { findSeqAt, type Log, type LogRecord } from '@muster/log';
import type { Context } from '../commands/context.ts';
import type { Moment } from '../flags/moments.ts';
import { chooseFormat, type FactFormat } from './fact-text.ts';
import { learnNames } from './learn-names.ts';
import { type FactSelection, selectFacts } from './select-facts.ts';

export interface ShowEventsOptions {
  readonly follow: boolean;
  readonly since: Moment | undefined;
  readonly until: Moment | undefined;
  readonly tail: number | undefined;
  readonly services: readonly string[];
  readonly nodes: readonly string[];
  readonly format: string | undefined;
}

export async function showEvents(context: Context, options: ShowEventsOptions): Promise<void> {
  const { log, terminal } = context;
  const { follow, services, nodes } = options;
  const format = chooseFormat(options.format, terminal);
  const head = await log.head();
  const from = await chooseStart(log, options, head);
  const directory = new Directory();
  await learnNames(context, directory, from - 1);
  const printer = startPrinter({
    directory,
    format,
    selection: selectFacts(services, nodes, context.team),
    options,
    write: terminal.write,
  });
  if (from <= head) {
    for await (const record of log.read({ from, to: head })) if (printer.add(record) === 'over') break;
  }
  printer.flush();
  if (follow && !printer.isOver) await followFrom(log, Math.max(from, head + 1), printer);
}

async function chooseStart(
  log: Log,
  { since, follow, tail }: ShowEventsOptions,
  head: number,
): Promise<number> {
  if (since !== undefined) return 'seq' in since ? Math.max(1, since.seq) : await findSeqAt(log, since.time);
  return follow && tail === undefined ? head + 1 : 1;
}

interface Printer {
  add(record: LogRecord): 'over' | undefined;
  /** Prints what --tail held back. */
  flush(): void;
  readonly isOver: boolean;
}

function startPrinter(setup: {
  readonly directory: Directory;
  readonly format: FactFormat;
  readonly selection: FactSelection;
  readonly options: ShowEventsOptions;
  readonly write: (text: string) => void;
}): Printer {
  const { directory, format, selection, options, write } = setup;
  const { until, tail } = options;
  let held: string[] | undefined = tail === undefined ? undefined : [];
  let isOver = false;
  return {
    get isOver() {
      return isOver;
    },
    add(record) {
      isOver ||= until !== undefined && ('seq' in until ? record.seq > until.seq : record.time > until.time);
      if (isOver) return 'over';
      const fact = decode(record);
      if (selection.passes(fact, directory)) {
        const text = format(fact, directory, selection.focus(fact, directory));
        if (held) {
          held.push(text);
          if (held.length > tail!) held.shift();
        } else write(text);
      }
      directory.note(fact);
      return undefined;
    },
    flush() {
      for (const text of held ?? []) write(text);
      held = undefined;
    },
  };
}

/** Until Ctrl-C, or the end that was asked for. The log's own follow comes back after outages. */
async function followFrom(log: Log, from: number, printer: Printer): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const following = log.follow({
      from,
      onRecord: (record) => {
        if (printer.add(record) === 'over') end();
      },
      onError: reject,
    });
    following.catch(reject);
    function end(): void {
      process.off('SIGINT', end);
      following.then((handle) => handle.stop()).then(resolve, reject);
    }
    process.once('SIGINT', end);
  });
}
