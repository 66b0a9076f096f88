// What the package files say: exact versions, the same everywhere, and a lock file that a fresh clone can install from.
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listFiles, root } from './files.ts';

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const manifests = listFiles(/(^|\/)package\.json$/).map(({ path, text }) => ({
  path,
  ...(JSON.parse(text) as Manifest),
}));
const wanted = manifests.flatMap(({ path, dependencies, devDependencies }) =>
  Object.entries({ ...dependencies, ...devDependencies }).map(([name, version]) => ({ path, name, version })),
);
const lock: { readonly packages: Readonly<Record<string, Locked>> } = JSON.parse(
  readFileSync(`${root}package-lock.json`, 'utf8'),
);

describe('dependencies', () => {
  it('are pinned to a version, but for our own', () => {
    const loose = wanted.filter(({ name, version }) =>
      name.startsWith('@muster/') ? version !== '*' : !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version),
    );
    expect(loose).toEqual([]);
  });

  it('have the same version everywhere', () => {
    const others = wanted.filter(({ name }) => !name.startsWith('@muster/'));
    const first = new Map(others.toReversed().map(({ name, version }) => [name, version]));
    const differing = others.filter(({ name, version }) => version !== first.get(name));
    expect(differing).toEqual([]);
  });
});

describe('the lock file', () => {
  it('comes from the public registry', () => {
    const elsewhere = Object.values(lock.packages)
      .map(({ resolved, link }) => (link ? undefined : resolved))
      .filter((resolved) => resolved !== undefined && !resolved.startsWith('https://registry.npmjs.org/'));
    expect(elsewhere).toEqual([]);
  });

  it('has the packages of every platform, or npm ci refuses it', () => {
    const missing = Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter((name) => !isLocked(path, name)),
    );
    expect(missing).toEqual([]);
  });
});

/** As Node looks for a package: in the folder of the one that wants it, then in every one above. */
function isLocked(from: string, name: string): boolean {
  const above = from
    .split('/node_modules/')
    .map((_, index, parts) => parts.slice(0, index + 1).join('/node_modules/'));
  return ['', ...above].some(
    (folder) => lock.packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`] !== undefined,
  );
}
