// Every command of README and the guide, as they stand there, on a cluster started as README says. What can't be run so is
// named here, with what is run instead or why nothing is.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findNatsServer } from '@muster/runtime';
import { afterAll, expect, it } from 'vitest';
import { inProject } from '../harness/root.ts';

interface Line {
  readonly file: string;
  readonly number: number;
  readonly text: string;
}

/** The lines of blocks that say nothing of their language, without their remarks. */
function readCommands(file: string): Line[] {
  const lines: Line[] = [];
  let isCommand: boolean | undefined;
  for (const [index, text] of readFileSync(inProject(file), 'utf8').split('\n').entries()) {
    if (text.startsWith('```')) isCommand = isCommand === undefined ? text === '```' : undefined;
    else if (isCommand) lines.push({ file, number: index + 1, text: text.replace(/\s+#.*$/, '') });
  }
  return lines.filter(({ text }) => /^[A-Za-z]/.test(text) && !/^\w+\/ /.test(text));
}

/** Those that go on until they are told to end. */
const staying = /--follow|^muster (top( --nodes)?|orchestrator.*|scheduler)$|^MUSTER_LOG_LEVEL=/;

const instead: readonly (readonly [line: RegExp, command: string, why: string])[] = [
  [/^npm (run demo|test)/, '', 'this is one of the tests, and the demo has its own'],
  [/^npm run setup/, '', 'it has been run, or this test would not'],
  [
    /^muster up --nodes 3 --copies 2 &/,
    'muster up --nodes 3 --copies 2 >up.out 2>&1 & until grep -q ^Ready up.out; do kill -0 %1 || break; sleep 0.2; done',
    'a person waits until it says so',
  ],
  [
    /^export MUSTER_NATS=/,
    'export MUSTER_NATS=$(sed -n "s/.*MUSTER_NATS=//p" up.out)',
    'it says which, and the usual port may be taken',
  ],
  [
    /^muster agent --label zone=a$/,
    "interrupted 'muster agent --no-networks --label zone=a'",
    'a node stays on its machine’s network when its agent ends, and the first of `up` is there already',
  ],
  [/^muster node rm/, '', 'what follows is for three nodes; nodes.int.test.ts'],
  [/^muster log void 1234/, '', 'nothing has halted here; void.int.test.ts'],
  [/^muster resolver/, '', 'it needs the address of a router; agents/resolver tries it'],
  [/^nats /, '', 'there is no nats CLI here; intents.int.test.ts publishes the same'],
  [
    /^kill %1/,
    'kill %1; wait %1; muster up --nodes 3 --rm >rm.out 2>&1 & until grep -q ^Ready rm.out; do kill -0 $! || break; sleep 0.2; done; kill -INT $!; wait $!',
    'what runs on is taken away as it says there: networks as well, which are no containers',
  ],
  [/^muster up --nodes 3 --copies 2$/, '', 'it runs already'],
  [/--backend simulator/, '', 'simulated-nodes.int.test.ts'],
  [/^deploy\/images\/build/, '', 'engine.ts has made them'],
  [/\| jq /, '', 'there may be no jq'],
];

const home = mkdtempSync(join(tmpdir(), 'muster-documents-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));

it('runs what README and the guide show', { timeout: 10 * 60_000 }, async () => {
  const readme = readCommands('README.md');
  const atTheEnd = readme.filter(({ text }) => text.startsWith('kill %1'));
  const guide = ['docs/guide/cli.md', 'docs/guide/observing.md'].flatMap(readCommands);
  const lines = [...readme.filter((line) => !atTheEnd.includes(line)), ...guide, ...atTheEnd];
  expect(lines.length).toBeGreaterThan(60);
  const { code, output } = await runInBash(lines.map(writeLine).join('\n'));
  expect({ code, output: code === 0 ? '' : output.slice(-4_000) }).toEqual({ code: 0, output: '' });
});

function writeLine({ file, number, text }: Line): string {
  const other = instead.find(([line]) => line.test(text));
  if (other && other[1] === '') return `echo ${quote(`-- ${file}:${number}: not run: ${other[2]}`)}`;
  const command = other ? other[1] : staying.test(text) ? `interrupted ${quote(text)}` : text;
  return `echo ${quote(`== ${file}:${number}: ${text}`)}\n${command}\nended $? ${quote(`${file}:${number}: ${text}`)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

const prelude = `
cd "$HOME"
ended() { if [ "$1" != 0 ] && [ "$1" != 130 ]; then echo "ended with $1: $2"; exit 1; fi; }
interrupted() { timeout --preserve-status -s INT -k 10 2 bash -c "exec env $1"; }
trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT
set -m
`;

async function runInBash(script: string): Promise<{ code: number | null; output: string }> {
  const bin = join(home, 'bin');
  mkdirSync(bin);
  writeFileSync(
    join(bin, 'muster'),
    `#!/bin/sh\nexec "${process.execPath}" "${inProject('dist', 'muster.js')}" "$@"\n`,
  );
  chmodSync(join(bin, 'muster'), 0o755);
  const before = new Set(listContainers());
  const MUSTER_NATS_SERVER = await findNatsServer();
  const env = { ...process.env, MUSTER_NATS_SERVER, HOME: home, PATH: `${bin}:${process.env.PATH}` };
  const child = spawn('bash', ['-c', `${prelude}\n${script}`], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const [code] = (await once(child, 'exit')) as [number | null];
  // What `kill %1` leaves.
  const left = listContainers().filter((id) => !before.has(id));
  if (left.length > 0) docker('rm', '-f', ...left);
  return { code, output };
}

function listContainers(): string[] {
  return docker('ps', '-aq', '--filter', 'label=muster.cluster=muster').split('\n').filter(Boolean);
}

function docker(...args: string[]): string {
  return spawnSync('docker', args, { encoding: 'utf8' }).stdout;
}
