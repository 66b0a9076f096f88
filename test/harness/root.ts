// The folder of the project, from wherever in it this code runs: tests run from source, benchmarks from a bundle.
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export function inProject(...path: readonly string[]): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'turbo.json'))) folder = dirname(folder);
  return join(folder, ...path);
}
