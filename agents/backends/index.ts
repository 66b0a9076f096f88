// The port and the way to each of its adapters. An adapter is loaded when it is made: nobody needs dockerode who
// runs no Docker backend.
import type { Backend } from './backend.ts';
import type { Belongings } from './belongings.ts';
import type { DockerOptions } from './docker/docker-backend.ts';
import type { ProcessOptions } from './process/process-backend.ts';
import type { SimulatorOptions } from './simulator/simulator-backend.ts';

export * from './backend.ts';
export type { Belongings } from './belongings.ts';
export type { Behaviour } from './simulator/behaviour.ts';
export {
  type CrashOptions,
  SimulatedEngine,
  type SimulatedEngineOptions,
} from './simulator/simulated-engine.ts';
export type { DockerOptions, ProcessOptions, SimulatorOptions };

/** What each kind of backend is made from. */
export interface BackendOptions {
  readonly docker: DockerOptions;
  readonly simulator: SimulatorOptions;
  readonly process: ProcessOptions;
}

export type BackendKind = keyof BackendOptions;
export const backendKinds = ['docker', 'simulator', 'process'] as const satisfies readonly BackendKind[];

const makers: { readonly [K in BackendKind]: (options: BackendOptions[K]) => Promise<Backend> } = {
  docker: async (options) => new (await import('./docker/docker-backend.ts')).DockerBackend(options),
  simulator: async (options) =>
    new (await import('./simulator/simulator-backend.ts')).SimulatorBackend(options),
  process: async (options) => new (await import('./process/process-backend.ts')).ProcessBackend(options),
};

/** Makes a backend. Whether its engine answers is seen at the first call, not here. */
export async function createBackend<K extends BackendKind>(
  kind: K,
  options: BackendOptions[K],
): Promise<Backend> {
  return makers[kind](options);
}

/** The containers of all clusters on the engine that an agent would use here. */
export async function findContainers(): Promise<readonly Belongings[]> {
  return (await import('./docker/find-belongings.ts')).findContainers();
}

/** The processes of all clusters that are kept in a directory of tasks. */
export async function findProcesses(stateDir: string): Promise<readonly Belongings[]> {
  return (await import('./process/find-belongings.ts')).findProcesses(stateDir);
}
