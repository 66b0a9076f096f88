// How fast one engine gets N containers: by its own API, as a muster service, as a Swarm service; in turn, on the same
// private engine, several times, and compared as medians of one run.
import { type PrivateEngine, startPrivateEngine } from '../../harness/private-engine.ts';
import type { Bench } from '../bench.ts';
import { atEnd } from '../cleanup.ts';
import { printResult, say } from '../report.ts';
import { median } from '../statistics.ts';
import { buildImages } from './image.ts';
import { startMuster } from './muster.ts';
import { startRaw } from './raw.ts';
import { startSwarm } from './swarm.ts';

/** One way to run N containers. Times are in seconds. */
export interface Contender {
  readonly name: 'raw' | 'muster' | 'swarm';
  /** Until all N run. */
  start(count: number): Promise<number>;
  /** From the death of one container until another runs in its place; the raw engine just starts one. */
  replaceOne(): Promise<number>;
  /** Until all are gone. */
  remove(): Promise<number>;
  /** Seconds of processor time that it has used beside the engine's. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

type Step = 'start' | 'replace' | 'remove' | 'cpu';

export const start: Bench = {
  summary:
    'Containers of a service started, replaced and removed: muster beside the raw engine and Docker Swarm',
  flags: {
    count: { help: 'containers, one run for each', default: '10,50,200' },
    rounds: { help: 'rounds, of which the median counts', default: '3' },
    systems: { help: 'who takes part', default: 'raw,muster,swarm' },
  },
  async run(values) {
    const engine = await startPrivateEngine();
    atEnd(() => engine.stop());
    await buildImages(engine.host);
    for (const count of values.numbers('count')) {
      await measure(engine, count, values.number('rounds'), values.words('systems'));
    }
  },
};

const makers: Readonly<Record<string, (engine: PrivateEngine) => Promise<Contender>>> = {
  raw: startRaw,
  muster: startMuster,
  swarm: startSwarm,
};

async function measure(
  engine: PrivateEngine,
  count: number,
  rounds: number,
  systems: readonly string[],
): Promise<void> {
  const times = new Map<string, number[]>();
  const note = (system: string, step: Step, seconds: number) => {
    const key = `${system} ${step}`;
    times.set(key, [...(times.get(key) ?? []), seconds]);
  };
  for (let round = 1; round <= rounds; round += 1) {
    // Another order in each round: whoever comes first meets a colder machine.
    for (const system of rotate(systems, round)) {
      const maker = makers[system];
      if (!maker) throw new Error(`--systems ${system}: there are ${Object.keys(makers).join(', ')}`);
      const contender = await maker(engine);
      try {
        const cpu = contender.cpuSeconds();
        note(system, 'start', await contender.start(count));
        note(system, 'cpu', contender.cpuSeconds() - cpu);
        note(system, 'replace', await contender.replaceOne());
        note(system, 'remove', await contender.remove());
      } finally {
        await contender.stop();
      }
      say(
        `round ${round} of ${rounds}: ${system} ${count}: ${times.get(`${system} start`)!.at(-1)!.toFixed(2)} s`,
      );
    }
  }
  for (const system of systems) {
    for (const step of ['start', 'replace', 'remove'] as const) {
      const seconds = median(times.get(`${system} ${step}`)!);
      const raw = times.get(`raw ${step}`);
      printResult({
        bench: 'start',
        step,
        system,
        n: step === 'replace' ? 1 : count,
        seconds,
        perSec: (step === 'replace' ? 1 : count) / seconds,
        // Of rates: 1 is as fast as the engine alone.
        ratioToRaw: raw && median(raw) / seconds,
        cpuSeconds: step === 'start' && system !== 'raw' ? median(times.get(`${system} cpu`)!) : undefined,
      });
    }
  }
}

function rotate<T>(items: readonly T[], by: number): T[] {
  const at = by % items.length;
  return [...items.slice(at), ...items.slice(0, at)];
}
