// Runs what docs/benchmarks shows, each benchmark in a process of its own, and keeps the results there; then draws them. For
// a machine that does nothing else.
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { findNatsServer } from '@muster/runtime';
import type { Bench } from '../bench.ts';
import { type Result, say } from '../report.ts';
import { runBench } from '../run-bench.ts';
import { drawAll } from './draw.ts';
import { resultsFolder } from './places.ts';

/** Less than twenty minutes in all, on two cores. */
const runs: Readonly<Record<string, readonly (readonly string[])[]>> = {
  place: [['--tasks', '2000', '--group-tasks', '20000']],
  pipeline: [['--rounds', '5']],
  'scale-out': [['--services', '1000']],
  react: [['--rounds', '3', '--seconds', '2', '--kills', '20']],
  rebuild: [
    ['--tasks', '10000,100000', '--rounds', '3'],
    ['--tasks', '100000', '--history', '9', '--rounds', '1'],
    ['--tasks', '1000000', '--rounds', '1'],
  ],
  fair: [['--flood', '100000', '--seconds', '60']],
  growth: [[]],
  c1m: [['--tasks', '1000000', '--nodes', '5000', '--services', '1000', '--split', '2']],
};

export const record: Bench = {
  summary: 'Runs what docs/benchmarks shows, keeps the results there, and draws them.',
  flags: {
    only: { help: 'which benchmarks', default: Object.keys(runs).join(',') },
  },
  async run(values) {
    await mkdir(resultsFolder, { recursive: true });
    const machine = describeMachine(await findNatsServer());
    const started = performance.now();
    for (const name of values.words('only')) {
      const wanted = runs[name];
      if (!wanted) throw new Error(`--only ${name}: there are ${Object.keys(runs).join(', ')}`);
      const results: Result[] = [{ bench: 'record', of: name, ...machine }];
      for (const args of wanted) {
        say(`== ${name} ${args.join(' ')}`);
        results.push(...(await runBench(name, args)));
      }
      const lines = results.map((result) => JSON.stringify(result));
      await writeFile(join(resultsFolder, `${name}.jsonl`), `${lines.join('\n')}\n`);
      say(`== ${((performance.now() - started) / 60_000).toFixed(1)} minutes so far`);
    }
    await drawAll();
  },
};

function describeMachine(natsServer: string) {
  const processors = cpus();
  const version = execFileSync(natsServer, ['--version'], { encoding: 'utf8' });
  return {
    at: new Date().toISOString(),
    processors: processors.length,
    processor: processors[0]?.model.trim(),
    memoryGb: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    nats: /v[\d.]+/.exec(version)?.[0],
  };
}
