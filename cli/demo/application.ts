// The application of the demo: three services, written for what runs them.
import type { BackendKind } from '@muster/backends';

export interface DemoApplication {
  /** Arguments of `muster service create` for the one that is scaled. */
  readonly web: readonly string[];
  /** The intent that makes the second, published as it is. */
  readonly api: Readonly<Record<string, unknown>>;
  readonly worker: readonly string[];
  /** Whether the api answers on the port that the allocator picks for it. */
  readonly servesPage: boolean;
  /** Where every node answers for web, if any does. */
  readonly meshPort?: number;
}

const loop = 'while :; do echo working; sleep 5; done';
const fast = ['--restart-delay', '0s'];

const applications: { readonly [K in BackendKind]: DemoApplication } = {
  docker: {
    web: ['--name', 'web', '--replicas', '3', ...fast, 'muster/demo:1'],
    api: {
      image: 'muster/demo:1',
      env: { PORT: '8080' },
      ports: ['target=8080,mode=host'],
      restart: { delay: 0 },
    },
    worker: ['--name', 'worker', '--replicas', '2', ...fast, 'muster/demo:1', 'sh', '-c', loop],
    servesPage: true,
  },
  process: {
    web: ['--name', 'web', '--replicas', '3', ...fast, 'process', 'sh', '-c', loop],
    api: { image: 'process', args: ['sh', '-c', loop], replicas: 1, restart: { delay: 0 } },
    worker: ['--name', 'worker', '--replicas', '2', ...fast, 'process', 'sh', '-c', loop],
    servesPage: false,
  },
  simulator: {
    web: ['--name', 'web', '--replicas', '3', ...fast, 'simulated:1'],
    api: { image: 'simulated:1', replicas: 1, restart: { delay: 0 } },
    worker: ['--name', 'worker', '--replicas', '2', ...fast, 'simulated:1'],
    servesPage: false,
  },
};

/** Where a node has networks, web is published on every such node. */
export function describeApplication(
  backend: BackendKind,
  { hasMesh }: { readonly hasMesh: boolean },
): DemoApplication {
  const application = applications[backend];
  if (!hasMesh) return application;
  const publish = ['-p', `${MESH_PORT}:80`];
  return { ...application, web: [...publish, ...application.web], meshPort: MESH_PORT };
}

/** In the README's first example. */
export const MESH_PORT = 8080;
