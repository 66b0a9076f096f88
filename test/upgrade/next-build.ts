// The build after this one: today's sources with an invented wire version 3, changed while they are bundled. Each change is
// an exact replacement, so that it fails loudly when the sources move; all of them together are what CONTRIBUTING says of
// adding a field, done.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { bundleOptions } from '../../deploy/bundle.mjs';
import { inProject } from '../harness/root.ts';

type Change = readonly [before: string, after: string];

const addNote = `(old) => ({ ...old, containerSpec: { ...old.containerSpec, note: 'none' } })`;

const changes: Readonly<Record<string, readonly Change[]>> = {
  // 1. The build reads version 3.
  'shared/events/envelope.ts': [['export const WIRE_VERSION = 2;', 'export const WIRE_VERSION = 3;']],
  // 2. Two fields: what an agent must know to run the task rightly, and what it may leave.
  'shared/model/spec/service-spec.ts': [
    [
      '  hosts: since(2, z.array(z.string()).optional()),\n});\nexport type ContainerSpec',
      `  hosts: since(2, z.array(z.string()).optional()),
  shmSizeBytes: since(3, z.int().optional()),
  note: since(3, z.string().default('none'), { agents: 'may' }),
});
export type ContainerSpec`,
    ],
  ],
  // 3. What was meant by a spec of version 2, which has neither.
  'shared/events/reading/forms.ts': [
    [
      '  upcasters: { 2: watchNothing },',
      `  upcasters: { 2: watchNothing, 3: (old) => ({ ...old, taskTemplate: (${addNote})(old.taskTemplate) }) },`,
    ],
    [
      "schema: storedForm(taskSpecSchema),\n  // Those of the service's spec, for the part of it that a command holds.\n  upcasters: {},",
      `schema: storedForm(taskSpecSchema),\n  upcasters: { 3: ${addNote} },`,
    ],
  ],
  // 4. Fields of events: two that agents write, and one of a reducer's.
  'shared/events/objects/node-events.ts': [
    [
      '    reads: z.int().positive().optional(),\n  },\n',
      `    reads: z.int().positive().optional(),
    kernel: since(3, z.string().optional()),
  },
  upcasters: { 3: (old) => old },
`,
    ],
    [
      '  ready: since(2, z.boolean().optional()),\n});',
      '  ready: since(2, z.boolean().optional()),\n  attempt: since(3, z.int().optional()),\n});',
    ],
    [
      '    gone: z.array(taskId).default([]),\n  },\n  upcasters: { 2: (old) => old },\n',
      '    gone: z.array(taskId).default([]),\n  },\n  upcasters: { 2: (old) => old, 3: (old) => old },\n',
    ],
    [
      '  facts: { nodeId, status: z.enum(nodeStatuses), message: z.string() },\n',
      `  facts: { nodeId, status: z.enum(nodeStatuses), message: z.string(), heardOf: since(3, z.string().optional()) },
  upcasters: { 3: (old) => old },
`,
    ],
  ],
  // 5. Their writers. An agent says what it knows, and what the cluster does not read yet is left out for it; a reducer has
  // to know the version.
  'agents/node/reports/joining.ts': [
    ['description, reads })', 'description, reads, kernel: process.version })'],
  ],
  'agents/node/reports/reporter.ts': [
    ['(status) => stripTime(status, now)', '(status) => ({ ...stripTime(status, now), attempt: 1 })'],
  ],
  'services/dispatcher/dispatcher.ts': [
    [
      "type: 'node.status_changed', cause, nodeId, ...verdict }",
      "type: 'node.status_changed', cause, nodeId, ...verdict, ...(state.wireVersion >= 3 && { heardOf: 'bus' }) }",
    ],
  ],
};

export interface Builds {
  /** The programs, as MUSTER_PROGRAM has them. */
  readonly previous: string;
  readonly next: string;
  /** What a test looks with: its own code, as the next build has it. */
  readonly nextEyes: string;
}

/** Today's build is the previous one. */
export async function makeBuilds(dir: string): Promise<Builds> {
  const applied = new Set<string>();
  await Promise.all([
    build({ ...bundleOptions, entryPoints: { muster: 'cli/main.ts' }, outdir: join(dir, 'previous') }),
    build({
      ...bundleOptions,
      entryPoints: { muster: 'cli/main.ts', eyes: 'test/upgrade/eyes.ts' },
      outdir: join(dir, 'next'),
      plugins: [changeSources(applied)],
    }),
  ]);
  const missed = Object.keys(changes).filter((file) => !applied.has(file));
  if (missed.length > 0) throw new Error(`never bundled: ${missed.join(', ')}`);
  return {
    previous: join(dir, 'previous', 'muster.js'),
    next: join(dir, 'next', 'muster.js'),
    nextEyes: join(dir, 'next', 'eyes.js'),
  };
}

function changeSources(applied: Set<string>): Plugin {
  return {
    name: 'change-sources',
    setup(bundling) {
      bundling.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const file = Object.keys(changes).find((known) => inProject(known) === path);
        if (file === undefined) return undefined;
        applied.add(file);
        return { contents: applyTo(await readFile(path, 'utf8'), changes[file]!, file), loader: 'ts' };
      });
    },
  };
}

function applyTo(source: string, list: readonly Change[], file: string): string {
  let changed = source;
  for (const [before, after] of list) {
    const [head, tail, ...more] = changed.split(before);
    if (tail === undefined || more.length > 0) throw new Error(`${file} does not have this once: ${before}`);
    changed = head + after + tail;
  }
  return changed;
}
