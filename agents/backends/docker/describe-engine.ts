// What a node says of itself when a Docker engine is behind it.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { type NodeDescription, predefinedDrivers, type Resources } from '@muster/model';
import { BackendUnavailableError, RejectedError } from '../backend.ts';
import type { Engine } from './engine.ts';

export interface DescriptionOverrides {
  readonly nodeHostname?: string;
  readonly resources?: Resources;
}

/** Mounts, a grace period and an init of a container's own came with it: an older engine would leave them out, and say nothing. */
const OLDEST_API = [1, 25] as const;

export async function describeEngine(
  engine: Engine,
  overrides: DescriptionOverrides,
): Promise<Omit<NodeDescription, 'labels'>> {
  const [info, version] = await Promise.all([engine.info(), engine.version()]);
  const tooOld = explainTooOld(version);
  if (tooOld !== undefined)
    throw new BackendUnavailableError(`the Docker engine at ${engine.address} ${tooOld}`);
  return {
    hostname: overrides.nodeHostname ?? info.Name,
    // Go's words ("amd64"), which images and constraints use, and not the kernel's ("x86_64").
    platform: { os: version.Os, architecture: version.Arch },
    resources: overrides.resources ?? { nanoCpus: info.NCPU * 1e9, memoryBytes: info.MemTotal },
    engine: { backend: 'docker', version: version.Version, labels: parseLabels(info.Labels ?? []) },
    networks: Object.values(predefinedDrivers),
  };
}

/** One that can't be read is not known to be older. */
export function explainTooOld({ Version, ApiVersion }: SpokenVersion): string | undefined {
  const [major = Number.NaN, minor = Number.NaN] = ApiVersion.split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_API;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return undefined;
  if (Number.isNaN(major + minor)) return undefined;
  return `is of version ${Version} and speaks API ${ApiVersion}, and ${OLDEST_API.join('.')} is needed: upgrade it`;
}

interface SpokenVersion {
  readonly Version: string;
  readonly ApiVersion: string;
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

const INIT_NAME = 'docker-init';
/** Where the engine looks beside its PATH. */
const INIT_PLACES = [
  '/usr/libexec/docker',
  '/usr/local/libexec/docker',
  '/usr/lib/docker',
  '/usr/local/lib/docker',
  '/usr/bin',
  '/usr/local/bin',
  '/usr/sbin',
];

/** The program that it begins a container with which has an init. */
export async function findEnginesInit(engine: Engine): Promise<string> {
  const { InitBinary: name = INIT_NAME } = await engine.info();
  const places = [...INIT_PLACES, ...(process.env.PATH ?? '').split(':')];
  const found = path.isAbsolute(name)
    ? name
    : places.map((place) => path.join(place, name)).find((file) => existsSync(file));
  if (found === undefined) throw new RejectedError(`exec: "${name}": executable file not found in $PATH`);
  return found;
}
