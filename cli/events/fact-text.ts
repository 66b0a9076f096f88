// One fact of the log as a line, as JSON, or through a template. Pure.
import { type Directory, kindOf, type Narration, narrate, type TaskFocus } from '@muster/api';
import type { Fact } from '@muster/events';
import { plainFields, plainJson, plainText } from '../output/plain-text.ts';
import { compileTemplate } from '../output/template.ts';
import type { Terminal } from '../output/terminal.ts';

export type FactFormat = (fact: Fact, directory: Directory, focus?: TaskFocus) => string;

/** `format` as the user gave it; a line for people when left out. */
export function chooseFormat(format: string | undefined, terminal: Pick<Terminal, 'style'>): FactFormat {
  if (format === undefined) {
    return (fact, directory, focus) => `${formatLine(fact, narrate(fact, directory, focus), terminal)}\n`;
  }
  const fields: FactFormat = (fact, directory, focus) =>
    `${plainJson(describeFact(fact, narrate(fact, directory, focus)))}\n`;
  if (format === 'json') return fields;
  const template = compileTemplate(format);
  return (fact, directory, focus) => {
    const { seq, time, who, what, why, cause, subject, type } = describeFact(
      fact,
      narrate(fact, directory, focus),
    );
    const item = {
      Seq: seq,
      Time: time,
      Who: who,
      What: what,
      Why: why ?? '',
      Cause: cause ?? 0,
      Subject: subject,
      Type: type,
    };
    return `${template(plainFields(item))}\n`;
  };
}

export function formatLine(
  { seq, time }: Pick<Fact, 'seq' | 'time'>,
  { who, what, why }: Narration,
  { style }: Pick<Terminal, 'style'>,
): string {
  const when = new Date(time).toISOString();
  const because = why === undefined ? '' : style('dim', `  (${plainText(why)})`);
  const actor = style('bold', plainText(who).padEnd(12));
  return `${style('dim', when)} ${`#${seq}`.padEnd(7)} ${actor} ${plainText(what)}${because}`;
}

/** Everything a program may want, the record's own content included. */
export function describeFact(fact: Fact, { who, what, why, cause }: Narration) {
  return {
    seq: fact.seq,
    time: new Date(fact.time).toISOString(),
    subject: fact.subject,
    type: kindOf(fact),
    who,
    what,
    ...(why !== undefined && { why }),
    ...(cause !== undefined && { cause }),
    ...contentOf(fact),
  };
}

function contentOf(fact: Fact): object {
  if (fact.is === 'event') return { event: fact.event };
  if (fact.is === 'intent')
    return fact.error === undefined ? { intent: fact.body ?? null } : { error: fact.error };
  return { error: fact.reason };
}
