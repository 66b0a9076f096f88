// The pure centre folds where there is no Node: bundled as for a browser, in a context that has what browsers have and
// nothing else, a recorded log comes to the recorded hashes.
import { readdirSync } from 'node:fs';
import { createContext, runInContext } from 'node:vm';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { inProject } from '../harness/root.ts';
import { readRecording } from './recording.ts';

const folder = new URL('logs/', import.meta.url).pathname;
const [name] = readdirSync(folder).filter((file) => file.endsWith('.hashes.json'));

it('folds a log without Node', async () => {
  const { outputFiles } = await build({
    entryPoints: [inProject('shared', 'state', 'index.ts')],
    bundle: true,
    write: false,
    platform: 'browser',
    format: 'iife',
    globalName: 'muster',
    logLevel: 'silent',
  });
  const { records, hashes } = readRecording(folder + name!.slice(0, -'.hashes.json'.length));
  const page = createContext({ TextEncoder, TextDecoder, URL, structuredClone, records, hashes });
  const got = runInContext(
    `${outputFiles[0]!.text}
    const state = muster.createState();
    const got = {};
    for (const record of records) {
      muster.foldRecord(state, record, muster.createChanges());
      if (String(record.seq) in hashes) got[record.seq] = muster.hashState(state);
    }
    JSON.stringify(got);`,
    page,
  );
  expect(JSON.parse(got)).toEqual(hashes);
});
