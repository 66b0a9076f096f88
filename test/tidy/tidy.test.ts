// Rules about the tree and the code that a script can check. A matter of taste is not one.
import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { findLines, isTest, listFiles, packages, paths, root, stripProse } from './files.ts';
import exceptions from './shell.json' with { type: 'json' };

const code = listFiles(/\.(ts|mjs|cjs)$/);

describe('the tree', () => {
  it('names things, rather than heaps of things', () => {
    const vague =
      /(^|[/-])(utils?|helpers?|commons?|lib|libs|core|managers?|misc|handlers?|stuff)([/.-]|$)|(^|\/)(data|info|types|constants)\.[a-z]+$/;
    expect(paths.filter((path) => vague.test(path))).toEqual([]);
  });

  it('names files in kebab-case', () => {
    const names = code
      .map(({ path }) => path)
      .filter((path) => !/^(.*\/)?\.?[a-z0-9]+([.-][a-z0-9]+)*$/.test(path));
    expect(names).toEqual([]);
  });

  it('has files that can be read in one sitting', () => {
    const long = listFiles(/\.(ts|mjs|cjs|sh|md)$|^deploy\/[^.]+$/)
      .map(({ path, text }) => ({ path, lines: text.split('\n').length - 1 }))
      .filter(({ path, lines }) => lines > (isTest(path) ? 600 : 400));
    expect(long).toEqual([]);
  });

  it('has one barrel for a package, and none deeper', () => {
    const barrels = paths.filter((path) => path.endsWith('/index.ts'));
    expect(barrels.filter((path) => !packages.includes(path.replace('/index.ts', '')))).toEqual([]);
  });

  it('has a README of at most 40 lines in every package', () => {
    const readmes = new Map(listFiles(/README\.md$/).map(({ path, text }) => [path, text]));
    const wanting = packages.filter((folder) => {
      const text = readmes.get(`${folder}/README.md`);
      return text === undefined || text.split('\n').length - 1 > 40;
    });
    expect(wanting).toEqual([]);
  });

  it('has shell scripts that parse', () => {
    for (const { path } of listFiles(/\.sh$|^deploy\/|^\.ci\//).filter(({ text }) =>
      /^#.*(bash|sh)\b/.test(text),
    )) {
      execFileSync('bash', ['-n', root + path]);
    }
  });
});

describe('pure folders', () => {
  const isShell = (path: string) => exceptions.shell.some((pattern) => new RegExp(pattern).test(path));
  const pure = code.filter(
    ({ path }) =>
      /^(shared\/(model|events|state)|services\/[^/]+)\//.test(path) && !isTest(path) && !isShell(path),
  );
  const forbidden: [string, RegExp][] = [
    ['the clock', /\bDate\.now\b|\bnew Date\(\)|\bperformance\./],
    ['randomness', /\bMath\.random\b|\brandom(UUID|Bytes|Int)\b|\bgetRandomValues\b/],
    ['timers', /\bset(Timeout|Interval|Immediate)\b|\bqueueMicrotask\b/],
    ['the world outside', /\bprocess\.|\bconsole\.|\bfetch\(/],
  ];

  it.each(forbidden)('are given %s, and never take it', (_, pattern) => {
    const found = pure.flatMap(({ path, text }) => findLines({ path, text: stripProse(text) }, pattern));
    expect(found).toEqual([]);
  });

  it('have no exceptions that are no longer there', () => {
    const gone = exceptions.shell.filter((pattern) => !paths.some((path) => new RegExp(pattern).test(path)));
    expect(gone).toEqual([]);
  });
});

describe('the code', () => {
  it('runs every test', () => {
    const pattern = /\b(it|test|describe|suite)\.(only|skip|todo|fails)\b|\b[fx](it|describe)\(/;
    const tests = code.filter(({ path }) => path.endsWith('.ts'));
    expect(tests.flatMap(({ path, text }) => findLines({ path, text: stripProse(text) }, pattern))).toEqual(
      [],
    );
  });

  it('waits in tests for what happens, not for time to pass, or says on the line why', () => {
    const pattern = /await (delay|sleep|setTimeout)\(\d[^/]*$/;
    expect(code.filter(({ path }) => isTest(path)).flatMap((file) => findLines(file, pattern))).toEqual([]);
  });

  it('is finished', () => {
    const marks = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`);
    expect(listFiles(/\.(ts|mjs|cjs|sh|md|json)$/).flatMap((file) => findLines(file, marks))).toEqual([]);
  });

  it('knows no machine but the one it runs on', () => {
    const folders = new RegExp(
      `(?<![\\w.-])/(${['root', 'work', 'workspace', 'Users', 'home'].join('|')})/[\\w.]`,
    );
    const known = listFiles(/./).filter(({ path }) => !path.startsWith('test/tidy/'));
    expect(known.flatMap((file) => findLines(file, folders))).toEqual([]);
  });
});
