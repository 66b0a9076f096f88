#!/usr/bin/env node
// The program, as `npm run build` bundles it.
import { existsSync } from 'node:fs';

const program = new URL('../dist/muster.js', import.meta.url);
if (existsSync(program)) {
  await import(program);
} else {
  console.error('muster is not built yet: run `npm run setup && npm run build`.');
  process.exitCode = 1;
}
