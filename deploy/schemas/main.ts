// npm run schemas: writes the generated documents. With --check, changes nothing and fails when one is out of date. Never
// writes over a stored form: logs hold it.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findDrift } from './drift.ts';

export function main(root: string, args: readonly string[]): number {
  const { stale, surplus, broken } = findDrift(root);
  const check = args.includes('--check');
  for (const [path, text] of stale) {
    console.log(`${check ? 'out of date' : 'writing'}: ${path}`);
    if (check) continue;
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  for (const path of surplus) {
    console.log(`${check ? 'of nothing' : 'removing'}: ${path}`);
    if (!check) rmSync(join(root, path));
  }
  for (const path of broken) {
    console.log(`stored form changed: ${path}`);
    console.log('  give what changed a new version: since(), an upcaster, see CONTRIBUTING.md');
  }
  if (broken.length > 0) return 1;
  if (!check || stale.size + surplus.length === 0) return 0;
  console.log('run `npm run schemas`');
  return 1;
}
