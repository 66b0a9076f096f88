// One link of an audited chain: what happened, why below it, and what it answers at its end. Pure.
import type { AuditEntry } from '@muster/api';
import { plainFields, plainJson, plainText } from '../output/plain-text.ts';
import { compileTemplate } from '../output/template.ts';
import type { Terminal } from '../output/terminal.ts';

export function formatEntry(
  format: string | undefined,
  { style }: Pick<Terminal, 'style'>,
): (entry: AuditEntry) => string {
  if (format === undefined) {
    return ({ seq, time, who, what, why, cause }) => {
      const when = style('dim', new Date(time).toISOString());
      const answers = cause === undefined ? '' : style('dim', `  <- #${cause}`);
      const because = why === undefined ? '' : `${' '.repeat(33)}because: ${plainText(why)}\n`;
      return `${`#${seq}`.padEnd(7)} ${when} ${style('bold', plainText(who))}: ${plainText(what)}${answers}\n${because}`;
    };
  }
  if (format === 'json')
    return (entry) => `${plainJson({ ...entry, time: new Date(entry.time).toISOString() })}\n`;
  const template = compileTemplate(format);
  return ({ seq, time, kind, who, what, why = '', cause = 0 }) => {
    const item = {
      Seq: seq,
      Time: new Date(time).toISOString(),
      Kind: kind,
      Who: who,
      What: what,
      Why: why,
      Cause: cause,
    };
    return `${template(plainFields(item))}\n`;
  };
}
