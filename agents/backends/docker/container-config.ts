// From a task's spec to the engine's container settings, as moby's swarm executor maps it
// (daemon/cluster/executor/container/container.go). Pure.
import { type Healthcheck, isPredefined, type Mount, type RunSpec, splitHosts } from '@muster/model';
import type Docker from 'dockerode';
import { type BoundPort, RejectedError, type TaskOrder } from '../backend.ts';
import { ENGINES_INIT } from './gate/gate.ts';
import { labelContainer, type Owner } from './labels.ts';
import { type Furniture, mountGate } from './sandboxes.ts';

const NANOS_PER_SECOND = 1e9;

export function configureContainer(
  order: TaskOrder,
  owner: Owner,
  furniture?: Furniture,
): Docker.ContainerCreateOptions {
  const spec = order.spec.containerSpec;
  // What is on networks of the cluster has its ports there, and a gate in the place of the engine's init.
  const ports = furniture === undefined ? order.ports : [];
  const init = furniture === undefined ? spec.init : true;
  const hostname = furniture?.hostname ?? spec.hostname;
  return {
    Image: spec.image,
    ...(spec.command?.length ? { Entrypoint: spec.command } : {}),
    ...(spec.args?.length ? { Cmd: spec.args } : {}),
    Env: spec.env,
    Labels: labelContainer(order, owner),
    ...(spec.dir === undefined ? {} : { WorkingDir: spec.dir }),
    ...(spec.user === undefined ? {} : { User: spec.user }),
    ...(hostname === undefined ? {} : { Hostname: hostname }),
    ...(spec.stopSignal === undefined ? {} : { StopSignal: spec.stopSignal }),
    // The engine counts in seconds. Rounded up: a task never gets less time than it asked for.
    StopTimeout: Math.ceil(spec.stopGracePeriod / NANOS_PER_SECOND),
    Tty: spec.tty ?? false,
    ...(spec.healthcheck && { Healthcheck: convertHealthcheck(spec.healthcheck) }),
    ...(furniture === undefined ? {} : { NetworkDisabled: true }),
    ExposedPorts: Object.fromEntries(ports.map((port) => [nameTarget(port), {}])),
    HostConfig: {
      ...limitResources(order.spec),
      ...(furniture === undefined ? { ...chooseNetwork(order.spec), ...askForNames(order.spec) } : {}),
      PortBindings: bindPorts(ports),
      Mounts: [...spec.mounts.map(convertMount), ...mountFurniture(furniture)],
      ReadonlyRootfs: spec.readOnly ?? false,
      ...(init === undefined ? {} : { Init: init }),
      // A task is one-shot: it is replaced by the cluster, never restarted by the engine.
      RestartPolicy: { Name: 'no' },
    },
  };
}

function limitResources(spec: RunSpec): Docker.HostConfig {
  const { nanoCpus, memoryBytes } = spec.resources.limits;
  return {
    ...(nanoCpus > 0 ? { NanoCpus: nanoCpus } : {}),
    ...(memoryBytes > 0 ? { Memory: memoryBytes } : {}),
  };
}

/** One that every engine has, or the engine's own choice. Networks of the cluster are none of the engine's. */
function chooseNetwork({ networks = [] }: RunSpec): Docker.HostConfig {
  const [network] = networks;
  if (!network) return {};
  if (!isPredefined(network.target))
    throw new RejectedError(`network ${network.target}: this node has no driver for it`);
  return { NetworkMode: network.target };
}

/** Those of a task on the cluster's networks are in its files (name-files.ts). */
function askForNames({ containerSpec: { dnsConfig, hosts } }: RunSpec): Docker.HostConfig {
  return {
    ...(dnsConfig && {
      Dns: dnsConfig.nameservers,
      DnsSearch: dnsConfig.search,
      DnsOptions: dnsConfig.options,
    }),
    ...(hosts && { ExtraHosts: hosts.flatMap(writeExtraHosts) }),
  };
}

/** As the engine takes them, name by name. */
function writeExtraHosts(line: string): string[] {
  const { address, names } = splitHosts(line);
  return names.map((name) => `${name}:${address}`);
}

function nameTarget(port: BoundPort): string {
  return `${port.targetPort}/${port.protocol}`;
}

/** One container port may be published more than once. */
function bindPorts(ports: readonly BoundPort[]): Record<string, { HostPort: string }[]> {
  const bindings = new Map<string, { HostPort: string }[]>();
  for (const port of ports) {
    const target = nameTarget(port);
    bindings.set(target, [...(bindings.get(target) ?? []), { HostPort: String(port.publishedPort) }]);
  }
  return Object.fromEntries(bindings);
}

function convertMount(mount: Mount): Docker.MountSettings {
  return {
    Type: mount.type,
    // No source makes a volume anonymous: it goes with the container.
    Source: mount.source ?? '',
    Target: mount.target,
    ReadOnly: mount.readOnly,
  };
}

/** The files are writable, as the engine's own are: an image may add to them. */
function mountFurniture(furniture: Furniture | undefined): Docker.MountSettings[] {
  if (furniture === undefined) return [];
  const { gate, init, resolvConf, hosts } = furniture;
  const mount = (Source: string, Target: string, ReadOnly: boolean) =>
    ({ Type: 'bind', Source, Target, ReadOnly }) as const;
  return [
    mountGate(gate),
    ...(init === undefined ? [] : [mount(init, ENGINES_INIT, true)]),
    mount(resolvConf, '/etc/resolv.conf', false),
    mount(hosts, '/etc/hosts', false),
  ];
}

/** What is 0 or left out is the image's. */
function convertHealthcheck(check: Healthcheck): Docker.HealthConfig {
  const { test, interval, timeout, startPeriod, startInterval, retries } = check;
  return {
    ...(test?.length && { Test: test }),
    Interval: interval,
    Timeout: timeout,
    StartPeriod: startPeriod,
    ...(startInterval > 0 && { StartInterval: startInterval }),
    Retries: retries,
  };
}
