// What a node says of itself when plain processes run on it.
import { arch, availableParallelism, hostname, platform, release, totalmem } from 'node:os';
import { type NodeDescription, ownValue, type Resources } from '@muster/model';

/** Go's names, which everything else here uses. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

export interface MachineOverrides {
  readonly nodeHostname?: string;
  readonly resources?: Resources;
}

export function describeMachine(overrides: MachineOverrides): Omit<NodeDescription, 'labels'> {
  return {
    hostname: overrides.nodeHostname ?? hostname(),
    platform: { os: platform(), architecture: ownValue(ARCHITECTURES, arch()) ?? arch() },
    resources: overrides.resources ?? {
      nanoCpus: availableParallelism() * 1e9,
      memoryBytes: totalmem(),
    },
    // The kernel is what runs the tasks here.
    engine: { backend: 'process', version: release(), labels: {} },
    networks: ['host'],
  };
}
