// Prints the test files that failed, where they are few enough to be tried once more: failed-files.mjs REPORT.
import { readFile } from 'node:fs/promises';
import { relative } from 'node:path';
import process from 'node:process';

/** More than that is no accident. */
const MOST_FILES = 6;

const text = await readFile(process.argv[2], 'utf8').catch(() => '{}');
const { testResults = [] } = JSON.parse(text);
const failed = testResults.filter(({ status }) => status === 'failed').map(({ name }) => relative('', name));
if (failed.length <= MOST_FILES) for (const file of failed) console.log(file);
