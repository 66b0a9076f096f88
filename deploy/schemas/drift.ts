// Whether the documents in the repository are the ones that the sources give.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateDocuments, SCHEMA_DIR, STORED_DIR } from './documents.ts';

export interface Drift {
  /** Missing, or other than they should be. */
  readonly stale: ReadonlyMap<string, string>;
  /** Schemas of what is no more. */
  readonly surplus: readonly string[];
  /** Stored forms that logs may hold, and that the sources no longer read as they were: by file, and what to do. */
  readonly broken: readonly string[];
}

export function findDrift(root: string): Drift {
  const documents = generateDocuments();
  const stale = [...documents].filter(([path, text]) => read(join(root, path)) !== text);
  const present = [SCHEMA_DIR, STORED_DIR].flatMap((dir) =>
    listJson(join(root, dir)).map((name) => `${dir}/${name}`),
  );
  const surplus = present.filter((path) => !documents.has(path));
  const isFrozen = (path: string) => path.startsWith(STORED_DIR) && existsSync(join(root, path));
  return {
    stale: new Map(stale.filter(([path]) => !isFrozen(path))),
    surplus: surplus.filter((path) => !isFrozen(path)),
    broken: [...stale.map(([path]) => path), ...surplus].filter(isFrozen),
  };
}

function listJson(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir).filter((name) => name.endsWith('.json')) : [];
}

function read(path: string): string | undefined {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}
