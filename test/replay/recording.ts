// A recorded log: one record a line, and beside it the state hash at some of its sequences.
import { readFileSync } from 'node:fs';
import type { RawRecord } from '@muster/events';

export interface Recording {
  readonly records: readonly RawRecord[];
  /** State hash by sequence. */
  readonly hashes: Readonly<Record<string, string>>;
}

interface Line {
  readonly seq: number;
  readonly subject: string;
  readonly time: number;
  /** Base64: not every payload is text. */
  readonly data: string;
}

export function writeLines(records: readonly RawRecord[]): string {
  return records
    .map(
      ({ data, ...record }) =>
        `${JSON.stringify({ ...record, data: Buffer.from(data).toString('base64') })}\n`,
    )
    .join('');
}

/** `path` without its ending: `.ndjson` holds the records, `.hashes.json` the hashes. */
export function readRecording(path: string): Recording {
  const lines = readFileSync(`${path}.ndjson`, 'utf8').trimEnd().split('\n');
  return {
    records: lines.map((line) => {
      const { data, ...record } = JSON.parse(line) as Line;
      return { ...record, data: Buffer.from(data, 'base64') };
    }),
    hashes: JSON.parse(readFileSync(`${path}.hashes.json`, 'utf8')) as Recording['hashes'],
  };
}
