// What the documents claim and can be held to: links that lead somewhere, decisions that are numbered, scripts that
// exist, every event described.
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { catalogue } from '@muster/events';
import { describe, expect, it } from 'vitest';
import { listFiles, paths, root } from './files.ts';

const documents = listFiles(/\.md$/);

describe('documents', () => {
  it('link to what is there', () => {
    const broken = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)\s#]+)(#[^)]*)?\)/g)]
        .map(([, target]) => target!)
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(root, dirname(path), target)))
        .map((target) => `${path} → ${target}`),
    );
    expect(broken).toEqual([]);
  });

  it('name npm scripts that exist', () => {
    const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
    const unknown = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/npm run (?:-s |--silent )?([a-z][\w:-]*)/g)]
        .filter(([, name]) => scripts[name!] === undefined)
        .map(([command]) => `${path}: ${command}`),
    );
    expect(unknown).toEqual([]);
  });

  it('number decisions without gaps, in the file name and in the title', () => {
    const decisions = documents
      .filter(({ path }) => path.startsWith('docs/adr/'))
      .sort((a, b) => (a.path < b.path ? -1 : 1));
    const numbers = decisions.map(({ path, text }) => [
      Number(/^docs\/adr\/(\d{4})-[a-z0-9-]+\.md$/.exec(path)?.[1]),
      Number(/^# (\d+)\. /.exec(text)?.[1]),
    ]);
    expect(numbers).toEqual(decisions.map((_, index) => [index + 1, index + 1]));
  });
});

describe('every event', () => {
  const types = catalogue.map(({ type }) => type);
  const evolve = readFileSync(`${root}shared/state/fold/evolve.ts`, 'utf8');
  const tests = listFiles(/^shared\/(events|state|testing)\/.*\.test\.ts$|^services\/.*\.test\.ts$/);

  it.each(types)('%s has a case in evolve', (type) => {
    expect(evolve).toContain(`'${type}'`);
  });

  it.each(types)('%s is in a test', (type) => {
    expect(tests.some(({ text }) => text.includes(`'${type}'`))).toBe(true);
  });

  it.each(types)('%s has a row in the table of subjects', (type) => {
    expect(paths).toContain('docs/design/subjects.md');
    expect(readFileSync(`${root}docs/design/subjects.md`, 'utf8')).toContain(type);
  });
});
