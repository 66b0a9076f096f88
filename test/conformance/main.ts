// `npm run -s conformance -- FILE.json …`: one JSON line for each file of vectors, and exit code 1 when a row failed.
import { readVectors, summarise } from './run.ts';

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error('usage: npm run -s conformance -- FILE.json …');
  process.exitCode = 2;
}
for (const path of files) {
  const { skips, ...summary } = summarise(readVectors(path));
  console.log(JSON.stringify(summary));
  for (const { case: name, reason } of skips) console.error(`${summary.file} ${name}: skipped: ${reason}`);
  if (summary.failed > 0) process.exitCode = 1;
}
