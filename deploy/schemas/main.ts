// npm run schemas: writes the generated documents. With --check, changes nothing and fails when one is out of date.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findDrift } from './drift.ts';

export function main(root: string, args: readonly string[]): number {
  const { stale, surplus } = findDrift(root);
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
  if (!check || stale.size + surplus.length === 0) return 0;
  console.log('run `npm run schemas`');
  return 1;
}
