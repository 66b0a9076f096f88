// How fast one engine gets N containers, replaces one that dies, and is rid of them: by its own API, as a service of
// muster's, and as a service of Docker Swarm's; in turn, several times, and compared as medians of one run.
import type { Bench } from '../bench.ts';
import { printResult, say } from '../report.ts';
import { median } from '../statistics.ts';
import type { Contender, Network } from './contender.ts';
import { type Engine, startEngine } from './engine.ts';
import { buildImages } from './image.ts';
import { startMuster } from './muster.ts';
import { startRaw } from './raw.ts';
import { startSwarm } from './swarm.ts';

const steps = ['start', 'replace', 'empty'] as const;
/** In seconds. */
type Sample = Readonly<Record<(typeof steps)[number] | 'cpu' | 'engineCpu', number>>;

/** Before anything counts: caches fill, code is compiled. */
const WARM_UP = 16;

export const start: Bench = {
  summary: 'Containers of a service started, replaced and removed, beside the raw engine and Docker Swarm.',
  flags: {
    count: { help: 'containers; one series for each', default: '10,50,200' },
    rounds: { help: 'rounds, of which the median counts', default: '3' },
    kills: { help: 'containers killed and replaced in each round', default: '5' },
    networks: {
      help: 'where they are: bridge, the engine’s own; overlay, one of the cluster',
      default: 'bridge,overlay',
    },
    systems: { help: 'who takes part', default: 'raw,muster,swarm' },
  },
  async run(values) {
    const kills = values.number('kills');
    const contenders = await prepare(values.words('systems'));
    for (const network of values.words('networks').map(readNetwork)) {
      for (const { contender, engine } of contenders) {
        await contender.prepare?.(network);
        await sample(contender, engine, network, WARM_UP, 1);
      }
      await compare(contenders, network, values.numbers('count'), { rounds: values.number('rounds'), kills });
    }
  },
};

function readNetwork(word: string): Network {
  if (word !== 'bridge' && word !== 'overlay')
    throw new Error(`--networks ${word}: there are bridge, overlay`);
  return word;
}

async function compare(
  contenders: readonly Participant[],
  network: Network,
  counts: readonly number[],
  { rounds, kills }: { readonly rounds: number; readonly kills: number },
): Promise<void> {
  for (const count of counts) {
    const samples = new Map<string, Sample[]>(contenders.map(({ contender }) => [contender.name, []]));
    for (let round = 0; round < rounds; round += 1) {
      // Another order in each round: whoever comes first meets another machine.
      for (const { contender, engine } of rotate(contenders, round)) {
        const one = await sample(contender, engine, network, count, kills);
        samples.get(contender.name)!.push(one);
        const told = steps.map((step) => `${step} ${one[step].toFixed(2)} s`);
        say(`${network}, ${count}, round ${round + 1}: ${contender.name}: ${told.join(', ')}`);
      }
    }
    report(network, count, samples);
  }
}

const makers: Readonly<Record<string, (engine: Engine) => Promise<Contender>>> = {
  raw: startRaw,
  muster: startMuster,
  swarm: startSwarm,
};

interface Participant {
  readonly contender: Contender;
  readonly engine: Engine;
}

/** Swarm has an engine of its own: an engine in Swarm mode is another one than it was. */
async function prepare(systems: readonly string[]): Promise<Participant[]> {
  const engines = new Map<boolean, Engine>();
  const participants: Participant[] = [];
  for (const system of systems) {
    const maker = makers[system];
    if (!maker) throw new Error(`--systems ${system}: there are ${Object.keys(makers).join(', ')}`);
    const isSwarm = system === 'swarm';
    const engine = engines.get(isSwarm) ?? (await startEngine());
    if (!engines.has(isSwarm)) await buildImages(engine.host);
    engines.set(isSwarm, engine);
    participants.push({ contender: await maker(engine), engine });
    say(`${system} is ready`);
  }
  return participants;
}

async function sample(
  contender: Contender,
  engine: Engine,
  network: Network,
  count: number,
  kills: number,
): Promise<Sample> {
  const [cpu, engineCpu] = [contender.cpuSeconds(), engine.cpuSeconds()];
  const start = await time(() => contender.start(count, network));
  const used = { cpu: contender.cpuSeconds() - cpu, engineCpu: engine.cpuSeconds() - engineCpu };
  const replacements: number[] = [];
  for (let kill = 0; kill < kills; kill += 1) replacements.push(await contender.replaceOne(network));
  const empty = await time(() => contender.empty());
  await contender.clear();
  return { start, replace: median(replacements), empty, ...used };
}

async function time(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

function report(network: Network, count: number, samples: ReadonlyMap<string, readonly Sample[]>): void {
  const of = (system: string, field: keyof Sample) => {
    const list = samples.get(system);
    return list && median(list.map((one) => one[field]));
  };
  for (const step of steps) {
    for (const system of samples.keys()) {
      const seconds = of(system, step)!;
      const raw = of('raw', step);
      const containers = step === 'replace' ? 1 : count;
      printResult({
        bench: 'start',
        step,
        n: count,
        network,
        system,
        seconds,
        perSec: containers / seconds,
        // Of rates: 1 is as fast as the engine alone.
        ratioToRaw: raw && raw / seconds,
        ...(step === 'start' && { cpuSeconds: of(system, 'cpu'), engineCpuSeconds: of(system, 'engineCpu') }),
      });
    }
  }
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
