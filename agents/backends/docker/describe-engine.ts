// What a node says of itself when a Docker engine is behind it.
import type { NodeDescription, Resources } from '@muster/model';
import type { Engine } from './engine.ts';

export interface DescriptionOverrides {
  readonly nodeHostname?: string;
  readonly resources?: Resources;
}

export async function describeEngine(
  engine: Engine,
  overrides: DescriptionOverrides,
): Promise<Omit<NodeDescription, 'labels'>> {
  const [info, version] = await Promise.all([engine.info(), engine.version()]);
  return {
    hostname: overrides.nodeHostname ?? info.Name,
    // Go's words ("amd64"), which images and constraints use, and not the kernel's ("x86_64").
    platform: { os: version.Os, architecture: version.Arch },
    resources: overrides.resources ?? { nanoCpus: info.NCPU * 1e9, memoryBytes: info.MemTotal },
    engine: { backend: 'docker', version: version.Version, labels: parseLabels(info.Labels ?? []) },
  };
}

/** The daemon lists its labels as `key=value`. */
function parseLabels(labels: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    labels.map((entry) => {
      const equals = entry.indexOf('=');
      return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}
