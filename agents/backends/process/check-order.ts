// What a plain process can't be given is refused by name: better a reason than a limit that isn't kept. Pure.
import { constants } from 'node:os';
import { RejectedError, type TaskOrder } from '../backend.ts';

const DEFAULT_STOP_SIGNAL = 'SIGTERM';

/** Throws a RejectedError that names the first field which asks for too much. */
export function checkOrder({ spec, ports }: TaskOrder): void {
  const container = spec.containerSpec;
  if (container.image !== '' && container.image !== 'process') {
    refuse('image', `it runs no images ("${container.image}"): leave it empty, or say "process"`);
  }
  if (listArguments(container).length === 0) refuse('command', 'it needs one');
  if (container.user) refuse('user', 'its processes run as the agent does');
  if (container.hostname) refuse('hostname', 'its processes have the machine’s');
  if (container.mounts.length > 0) refuse('mounts', 'it mounts nothing');
  if (container.tty) refuse('tty', 'it has no terminals');
  if (container.init) refuse('init', 'it has none');
  if (container.readOnly) refuse('readOnly', 'its processes see the machine’s files');
  if (container.hosts?.length) refuse('hosts', 'its processes have the machine’s');
  const { nameservers = [], search = [], options = [] } = container.dnsConfig ?? {};
  if (nameservers.length + search.length + options.length > 0)
    refuse('dnsConfig', 'its processes have the machine’s');
  const { healthcheck } = container;
  if (healthcheck && !healthcheck.test?.length) refuse('healthcheck', 'it has no images: name a command');
  const { nanoCpus, memoryBytes } = spec.resources.limits;
  if (nanoCpus > 0) refuse('resources.limits.nanoCpus', 'it limits nothing');
  if (memoryBytes > 0) refuse('resources.limits.memoryBytes', 'it limits nothing');
  if (ports.length > 0) refuse('ports', 'it publishes none: its processes listen on the machine’s own');
  if (spec.networks?.some(({ target }) => target !== 'host'))
    refuse('networks', 'its processes are on the machine’s own');
  nameSignal(container.stopSignal);
}

export function listArguments(container: TaskOrder['spec']['containerSpec']): readonly string[] {
  return [...(container.command ?? []), ...(container.args ?? [])];
}

/** Docker takes "TERM", "SIGTERM" and "15". */
export function nameSignal(signal: string | undefined): NodeJS.Signals {
  if (!signal) return DEFAULT_STOP_SIGNAL;
  const upper = signal.toUpperCase();
  const known = Object.entries(constants.signals).find(
    ([name, number]) => name === upper || name === `SIG${upper}` || String(number) === signal,
  );
  if (known === undefined) refuse('stopSignal', `there is no signal "${signal}" here`);
  return known[0] as NodeJS.Signals;
}

function refuse(field: string, reason: string): never {
  throw new RejectedError(`${field}: not with the process backend: ${reason}`);
}
