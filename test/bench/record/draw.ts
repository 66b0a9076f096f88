// Makes the plots and the tables of docs/benchmarks anew from the results that are kept there.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench } from '../bench.ts';
import { parseResults, type Result, say } from '../report.ts';
import { drawChart } from './chart.ts';
import { plotsFolder, readmeFile, resultsFolder } from './places.ts';
import { plots } from './plots.ts';
import { writeTables } from './table.ts';

const BEGIN = '<!-- results: made by `npm run bench -- draw` -->';
const END = '<!-- end of results -->';

export const draw: Bench = {
  summary: 'Draws the plots of docs/benchmarks, and writes its tables, from the results kept there.',
  flags: {},
  run: drawAll,
};

export async function drawAll(): Promise<void> {
  const results = await readResults();
  await mkdir(plotsFolder, { recursive: true });
  const shown: string[] = [];
  for (const { file, of, make } of plots) {
    const own = results.get(of)?.filter(({ bench }) => bench === of) ?? [];
    if (own.length === 0) continue;
    const chart = make(own);
    await writeFile(join(plotsFolder, file), drawChart(chart));
    shown.push(`![${chart.title}](plots/${file})`);
    say(`drew ${file}`);
  }
  const content = [describeMachines(results), writeTables(results), ...shown].filter((part) => part !== '');
  const readme = await readFile(readmeFile, 'utf8');
  const [begin, end] = [readme.indexOf(BEGIN), readme.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`${readmeFile} has no place for results`);
  const before = readme.slice(0, begin + BEGIN.length);
  await writeFile(readmeFile, `${before}\n\n${content.join('\n\n')}\n\n${readme.slice(end)}`);
}

async function readResults(): Promise<Map<string, Result[]>> {
  const results = new Map<string, Result[]>();
  for (const file of await readdir(resultsFolder).catch(() => [])) {
    const [, name] = /^(.+)\.jsonl$/.exec(file) ?? [];
    if (name) results.set(name, parseResults(await readFile(join(resultsFolder, file), 'utf8')));
  }
  return results;
}

/** On which machine, and when: one sentence for all that were recorded alike. */
function describeMachines(results: ReadonlyMap<string, readonly Result[]>): string {
  const said = new Map<string, string[]>();
  for (const one of [...results.values()].flat()) {
    if (one.bench !== 'record') continue;
    const { at, processors, processor, memoryGb, node, nats, of } = one;
    const words = `${String(at).slice(0, 10)}: ${processors} × ${processor}, ${memoryGb} GB, Node ${node}, nats-server ${nats}`;
    said.set(words, [...(said.get(words) ?? []), String(of)]);
  }
  const whole = [...said].map(
    ([words, names]) => `${words} (${names.map((name) => `\`${name}\``).join(', ')}).`,
  );
  return whole.length === 0 ? '' : `Recorded ${whole.join(' ')}`;
}
