// Prints `N passed, N failed` from vitest's report: count.mjs REPORT STATUS. What failed outside of any test (set-up, a
// check, a file that doesn't load, something left behind) counts as one, so that nothing failed means nothing failed.
import { readFile } from 'node:fs/promises';
import process from 'node:process';

const [file, status] = process.argv.slice(2);
const text = await readFile(file, 'utf8').catch(() => undefined);
const {
  numPassedTests = 0,
  numFailedTests = 0,
  testResults = [],
} = text === undefined ? {} : JSON.parse(text);
const broken = testResults.filter(
  (result) =>
    result.status === 'failed' && !result.assertionResults.some((assertion) => assertion.status === 'failed'),
).length;
const failed = numFailedTests + broken;
const passed = failed === 0 && status === '0' && text !== undefined;

console.log(`${numPassedTests} passed, ${passed ? 0 : Math.max(failed, 1)} failed`);
process.exitCode = passed ? 0 : 1;
