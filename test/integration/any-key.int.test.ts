// Keys that anybody may choose are data from the command line to the environment of a process, and back: those that
// every object of JavaScript has, and any others.
import { readdirSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { areReady, catchUp } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

const inherited = ['__proto__', 'constructor', 'toString', 'valueOf', 'hasOwnProperty', '__defineGetter__'];
let cluster: TestCluster;
let watch: Watch;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.startControl(1);
  const labels = inherited.flatMap((name) => ['--label', `${name}=of-the-node`]);
  await cluster.startAgent('one', { backend: 'process', args: labels });
  watch = await cluster.watch();
  await watch.until('a node', areReady(1));
});

afterAll(() => cluster?.stop());

const word = fc.string({ unit: 'grapheme-composite', minLength: 1, maxLength: 8 });
const key = fc.oneof(
  fc.constantFrom(...inherited),
  word.filter((text) => !/[\0=]|^-|\{\{|^\s|\s$/.test(text)),
);
const value = fc.oneof(fc.constantFrom('', ...inherited), word).filter((text) => !/\0|\{\{/.test(text));
const map = fc.uniqueArray(fc.tuple(key, value), { selector: ([name]) => name, minLength: 1, maxLength: 8 });

describe('any key', () => {
  it('reaches the process, and is told again as it was given', { timeout: 240_000 }, async () => {
    let count = 0;
    const everyName = inherited.map((name): [string, string] => [name, 'x']);
    await fc.assert(
      fc.asyncProperty(map, map, map, async (env, labels, containerLabels) => {
        const name = `any${++count}`;
        const flags = [
          ...env.flatMap(([of, is]) => ['-e', `${of}=${is}`]),
          ...labels.flatMap(([of, is]) => ['--label', `${of}=${is}`]),
          ...containerLabels.flatMap(([of, is]) => ['--container-label', `${of}=${is}`]),
        ];
        const only = ['--constraint', 'node.labels.__proto__==of-the-node', '--stable-for', '0s'];
        // Found again by how long it sleeps.
        const command = ['/bin/sleep', `9${process.pid}.${count}`];
        const flagsAndCommand = ['--name', name, ...only, ...flags, 'process', ...command];
        const id = await cluster.print('service', 'create', ...flagsAndCommand);
        // A task runs from just before its command does.
        const environment = await vi.waitUntil(() => environmentOf(...command), { timeout: 30_000 });
        expect(environment).toEqual(sorted(env));
        const [inspected] = JSON.parse(await cluster.print('service', 'inspect', name));
        expect(sorted(Object.entries(inspected.Spec.Labels))).toEqual(sorted(labels));
        const { ContainerSpec } = inspected.Spec.TaskTemplate;
        expect(sorted(Object.entries(ContainerSpec.Labels))).toEqual(sorted(containerLabels));
        const [[label, of]] = labels as [[string, string]];
        const filter = await cluster.print('service', 'ls', '-q', '--filter', `label=${label}=${of}`);
        if (of.trim() === of) expect(filter).toContain(id.slice(0, 12));
        await cluster.print('service', 'rm', name);
      }),
      { numRuns: 4, examples: [[everyName, everyName, everyName]], endOnFailure: true },
    );
    await catchUp(watch);
    for (const command of [
      ['audit', 'any1'],
      ['events', '--since', '1h', '--until', '0s'],
    ]) {
      expect(await cluster.run(command)).toMatchObject({ code: 0, stderr: '' });
    }
  });
});

const sorted = (map: readonly (readonly [string, unknown])[]) =>
  [...map].sort(([a], [b]) => (a < b ? -1 : 1));

/** Of the process that was started with these arguments, without what every task has from its agent. */
function environmentOf(...args: string[]): unknown[] | undefined {
  const wanted = `${args.join('\0')}\0`;
  const pid = readdirSync('/proc').find(
    (name) => /^\d+$/.test(name) && readProcess(name, 'cmdline') === wanted,
  );
  if (pid === undefined) return undefined;
  const entries = readProcess(pid, 'environ').split('\0').slice(0, -1);
  const pairs = entries.map((entry): [string, string] => {
    const equals = entry.indexOf('=');
    return [entry.slice(0, equals), entry.slice(equals + 1)];
  });
  return sorted(pairs.filter(([name]) => !['PATH', 'HOME', 'LANG', 'TZ', 'TMPDIR'].includes(name)));
}

function readProcess(pid: string, file: 'cmdline' | 'environ'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    // It ended meanwhile.
    return '';
  }
}
