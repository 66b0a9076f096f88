// Prints `N passed, N failed` from vitest's report: count.mjs REPORT STATUS [SECOND]. SECOND is the report of the files that were
// tried once more: what it says of them counts, and which tests needed it is said. What failed outside of any test (set-up, a
// check, a file that doesn't load, something left behind) counts as one, so that nothing failed means nothing failed.
import { readFile } from 'node:fs/promises';
import process from 'node:process';

const [file, status, second] = process.argv.slice(2);
const first = await readResults(file);
const again = new Map((await readResults(second)).map((result) => [result.name, result]));
const results = first.map((result) => again.get(result.name) ?? result);
const failed = results.reduce(
  (sum, result) => sum + Math.max(countOf(result, 'failed'), isBroken(result)),
  0,
);
const passed = results.reduce((sum, result) => sum + countOf(result, 'passed'), 0);
const isGood = failed === 0 && status === '0' && results.length > 0;

for (const result of first) {
  if (!again.has(result.name)) continue;
  const unsteady = result.assertionResults.filter((test) => test.status === 'failed');
  for (const { fullName } of unsteady) console.log(`tried once more: ${fullName}`);
}
console.log(`${passed} passed, ${isGood ? 0 : Math.max(failed, 1)} failed`);
process.exitCode = isGood ? 0 : 1;

async function readResults(path) {
  const text = path && (await readFile(path, 'utf8').catch(() => undefined));
  return text ? JSON.parse(text).testResults : [];
}

function countOf({ assertionResults }, wanted) {
  return assertionResults.filter((test) => test.status === wanted).length;
}

function isBroken(result) {
  return result.status === 'failed' && countOf(result, 'failed') === 0 ? 1 : 0;
}
