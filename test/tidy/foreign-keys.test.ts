import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { isTest, root } from './files.ts';
import { findForeignKeys, readProgram } from './foreign-keys.ts';

/** The two functions that everybody else asks. */
const KEEPER = 'shared/model/stored/own-keys.ts';

describe('a key that comes from outside', () => {
  // The compiler has to read the whole tree for it.
  it('is looked for among own keys only, and defined rather than assigned', { timeout: 120_000 }, () => {
    const isOurs = (name: string) =>
      /^(shared|services|agents|cli|deploy)\//.test(name) && !isTest(name) && name !== KEEPER;
    expect(findForeignKeys(readProgram(root, isOurs), root, isOurs)).toEqual([]);
  });

  it('is found by the compiler', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'muster-keys-'));
    try {
      const lines = [
        'map[key];',
        'map[key] = 1;',
        'key in map;',
        'Object.assign({}, map);',
        `map[\`a\${key}\`];`,
        // And none of these.
        'delete map[key];',
        "map['constructor'];",
        'list[0]; list[index];',
        'table[name];',
        "'a' in map;",
        '({ ...map, [key]: 1 });',
      ];
      const declared =
        'declare const map: Record<string, number>, key: string, list: number[], index: number, table: { a: 1; b: 2 }, name: "a" | "b";\n';
      writeFileSync(path.join(folder, 'a.ts'), declared + lines.join('\n'));
      const program = ts.createProgram([path.join(folder, 'a.ts')], { noEmit: true, types: [] });
      const found = findForeignKeys(program, `${folder}/`, (name) => name === 'a.ts');
      expect(found.map((line) => Number(line.split(':')[1]) - 2)).toEqual([0, 1, 2, 3, 4]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
