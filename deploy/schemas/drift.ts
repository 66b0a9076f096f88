// Whether the documents in the repository are the ones that the sources give.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateDocuments, SCHEMA_DIR } from './documents.ts';

export interface Drift {
  /** Missing, or other than they should be. */
  readonly stale: ReadonlyMap<string, string>;
  /** Schemas of what is no more. */
  readonly surplus: readonly string[];
}

export function findDrift(root: string): Drift {
  const documents = generateDocuments();
  const stale = [...documents].filter(([path, text]) => read(join(root, path)) !== text);
  const dir = join(root, SCHEMA_DIR);
  const present = existsSync(dir) ? readdirSync(dir).map((name) => `${SCHEMA_DIR}/${name}`) : [];
  return { stale: new Map(stale), surplus: present.filter((path) => !documents.has(path)) };
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
