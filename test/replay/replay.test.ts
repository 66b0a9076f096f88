// Recorded logs fold to the recorded hashes, for ever and on any machine. When this fails, the fold has changed what old
// events mean: give the event a new version and an upcaster instead, or raise FOLD_VERSION with an ADR that says why.
import { readdirSync } from 'node:fs';
import { createChanges, createState, foldRecord, hashState } from '@muster/state';
import { describe, expect, it } from 'vitest';
import { readRecording } from './recording.ts';

const folder = new URL('logs/', import.meta.url).pathname;
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ndjson'))
  .map((file) => file.slice(0, -'.ndjson'.length));

it('has recordings', () => {
  expect(names.length).toBeGreaterThan(0);
});

describe.each(names)('the recording %s', (name) => {
  const { records, hashes } = readRecording(folder + name);

  it('folds to what it did when it was made', () => {
    const state = createState();
    const got: Record<string, string> = {};
    for (const record of records) {
      foldRecord(state, record, createChanges());
      if (String(record.seq) in hashes) got[record.seq] = hashState(state);
    }
    expect(Object.keys(hashes).length).toBeGreaterThan(3);
    expect(got).toEqual(hashes);
  });
});
