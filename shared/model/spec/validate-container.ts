// What no node could run: known here as certainly as there, so that it is refused at once, and not rejected by one node
// after the other for ever. Where Docker has words for it, in them.

import { TemplateError } from '../go-template/syntax.ts';
import { cleanPath } from '../grammar/clean-path.ts';
import { isStopSignal } from '../grammar/stop-signal.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { expandContainer, findTemplate } from './expand-templates.ts';
import type { ContainerSpec, ServiceSpec } from './service-spec.ts';
import { checkHealth } from './validate-health.ts';
import { checkDnsConfig, checkHosts } from './validate-names.ts';

/** Of Linux: HOST_NAME_MAX. */
const MAX_HOSTNAME_BYTES = 64;
type Check = (container: ContainerSpec) => Refusal | undefined;

const checks: readonly Check[] = [
  checkNuls,
  checkEnv,
  checkHostname,
  checkDir,
  checkStopSignal,
  checkMounts,
  checkHealth,
  checkDnsConfig,
  checkHosts,
];

/** `service`: whose tasks have it. */
export function checkContainer(
  container: ContainerSpec,
  service: Pick<ServiceSpec, 'name' | 'labels'>,
): Refusal | undefined {
  const filled = fillIn(container, service);
  if ('kind' in filled) return filled;
  for (const check of checks) {
    const refusal = check(filled);
    if (refusal) return refusal;
  }
  return undefined;
}

/** As SwarmKit, which sees with a node and a task of no cluster whether templates can be filled in, and whether that makes sense. */
function fillIn(
  container: ContainerSpec,
  { name, labels }: Pick<ServiceSpec, 'name' | 'labels'>,
): ContainerSpec | Refusal {
  try {
    return expandContainer(container, {
      service: { id: 'serviceid', name, labels },
      node: {
        id: 'nodeid',
        hostname: 'nodeHostname',
        platform: { architecture: 'architecture', os: 'os' },
      },
      task: { id: 'taskid', name: `${name}.1.taskid`, slot: 1 },
    });
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return refuse('invalid', `ContainerSpec: ${error.message}`, findTemplate(container)?.field);
  }
}

/** The kernel takes texts that end at the first NUL. */
function checkNuls(container: ContainerSpec): Refusal | undefined {
  const path = findText(container, (text) => text.includes('\0'));
  if (path === undefined) return undefined;
  return refuse('invalid', `ContainerSpec: ${path} holds a NUL character`, path);
}

function findText(value: unknown, isFound: (text: string) => boolean, path = ''): string | undefined {
  if (typeof value === 'string') return isFound(value) ? path : undefined;
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    const at = path === '' ? key : `${path}.${key}`;
    if (!Array.isArray(value) && isFound(key)) return path;
    const found = findText(inner, isFound, at);
    if (found !== undefined) return found;
  }
  return undefined;
}

function checkEnv({ env }: ContainerSpec): Refusal | undefined {
  for (const [index, item] of env.entries()) {
    if (item !== '' && !item.startsWith('=')) continue;
    return refuse('invalid', `ContainerSpec: invalid environment variable: ${item}`, `env.${index}`);
  }
  return undefined;
}

function checkHostname({ hostname = '' }: ContainerSpec): Refusal | undefined {
  if (new TextEncoder().encode(hostname).length <= MAX_HOSTNAME_BYTES) return undefined;
  const message = `ContainerSpec: a hostname has ${MAX_HOSTNAME_BYTES} bytes at most: "${hostname}"`;
  return refuse('invalid', message, 'hostname');
}

function checkDir({ dir = '' }: ContainerSpec): Refusal | undefined {
  if (dir === '' || dir.startsWith('/')) return undefined;
  const message = `ContainerSpec: the working directory '${dir}' is invalid, it needs to be an absolute path`;
  return refuse('invalid', message, 'dir');
}

function checkStopSignal({ stopSignal = '' }: ContainerSpec): Refusal | undefined {
  if (stopSignal === '' || isStopSignal(stopSignal)) return undefined;
  return refuse('invalid', `ContainerSpec: invalid signal: ${stopSignal}`, 'stopSignal');
}

function checkMounts({ mounts }: ContainerSpec): Refusal | undefined {
  const targets = new Set<string>();
  for (const [index, mount] of mounts.entries()) {
    const field = `mounts.${index}`;
    const wrong = explainSource(mount) ?? explainTarget(mount);
    if (wrong !== undefined) return refuse('invalid', wrong, field);
    // As the node's kernel sees it: "/data/" is "/data".
    const place = cleanPath(mount.target);
    if (targets.has(place)) {
      return refuse('invalid', `ContainerSpec: duplicate mount point: ${mount.target}`, field);
    }
    targets.add(place);
  }
  return undefined;
}

type Mount = ContainerSpec['mounts'][number];

function explainSource({ type, source = '' }: Mount): string | undefined {
  switch (type) {
    case 'bind':
      return source.startsWith('/')
        ? undefined
        : `invalid bind mount source "${source}": must be an absolute path`;
    case 'volume':
      if (source.startsWith('/'))
        return `invalid volume mount source "${source}": must not be an absolute path`;
      return source === '' || /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(source)
        ? undefined
        : `invalid volume name "${source}", only [a-zA-Z0-9][a-zA-Z0-9_.-]+ are allowed`;
    case 'tmpfs':
      return source === '' ? undefined : `invalid tmpfs source "${source}": must be empty`;
  }
}

function explainTarget({ target }: Mount): string | undefined {
  if (!target.startsWith('/')) return `invalid mount target "${target}": must be an absolute path`;
  return cleanPath(target) === '/' ? `invalid mount target "${target}": it can't be '/'` : undefined;
}
