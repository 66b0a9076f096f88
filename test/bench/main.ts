// `npm run bench -- NAME`: measures one thing on real parts, beside the limit that the parts set or the peer, in the same
// run. docs/benchmarks says how to read the results.
import { parseArgs } from 'node:util';
import { type Bench, readValues } from './bench.ts';
import { runAndCleanUp } from './cleanup.ts';

const benches: Readonly<Record<string, () => Promise<Bench>>> = {
  state: async () => (await import('./state/state.ts')).state,
  place: async () => (await import('./place/place.ts')).place,
  share: async () => (await import('./place/share.ts')).share,
  start: async () => (await import('./start/start.ts')).start,
  submit: async () => (await import('./submit/submit.ts')).submit,
  replay: async () => (await import('./replay/replay.ts')).replay,
  follow: async () => (await import('./follow/follow.ts')).follow,
  moments: async () => (await import('./moments/moments.ts')).moments,
  rest: async () => (await import('./rest/rest.ts')).rest,
  pipeline: async () => (await import('./pipeline/pipeline.ts')).pipeline,
  'scale-out': async () => (await import('./scale-out/scale-out.ts')).scaleOut,
  fair: async () => (await import('./fair/fair.ts')).fair,
  react: async () => (await import('./react/react.ts')).react,
  rebuild: async () => (await import('./rebuild/rebuild.ts')).rebuild,
  c1m: async () => (await import('./c1m/c1m.ts')).c1m,
  growth: async () => (await import('./growth/growth.ts')).growth,
  record: async () => (await import('./record/record.ts')).record,
  draw: async () => (await import('./record/draw.ts')).draw,
  agents: async () => (await import('./agents/agents.ts')).agents,
  commands: async () => (await import('./commands/commands.ts')).commands,
  net: async () => (await import('./net/net.ts')).net,
  names: async () => (await import('./names/names.ts')).names,
};

async function main([name, ...args]: string[]): Promise<void> {
  const load = name === undefined ? undefined : benches[name];
  if (!load) {
    const isHelp = name === undefined || name === '--help' || name === '-h';
    if (!isHelp) process.exitCode = 1;
    process.stderr.write(
      isHelp ? await describeAll() : `There is no benchmark "${name}".\n${await describeAll()}`,
    );
    return;
  }
  const bench = await load();
  if (args.includes('--help') || args.includes('-h')) {
    process.stderr.write(describe(name!, bench));
    return;
  }
  const options = Object.entries(bench.flags).map(
    ([flag, { default: value }]) => [flag, { type: 'string', default: value }] as const,
  );
  const { values } = parseArgs({ args, options: Object.fromEntries(options) });
  await runAndCleanUp(() => bench.run(readValues(values)));
}

async function describeAll(): Promise<string> {
  const lines = ['Usage: npm run bench -- NAME [--FLAG VALUE]… (NAME --help shows its flags)', ''];
  for (const [name, load] of Object.entries(benches))
    lines.push(`  ${name.padEnd(9)} ${(await load()).summary}`);
  return `${lines.join('\n')}\n`;
}

function describe(name: string, { summary, flags }: Bench): string {
  const lines = [`Usage: npm run bench -- ${name} [--FLAG VALUE]…`, '', summary, ''];
  for (const [flag, { help, default: value }] of Object.entries(flags))
    lines.push(`  --${flag.padEnd(12)} ${help}${value === '' ? '' : ` (${value})`}`);
  return `${lines.join('\n')}\n`;
}

await main(process.argv.slice(2)).catch((error: Error) => {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
});
