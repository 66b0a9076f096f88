// One way to run N containers on an engine. Each has its engine to itself while it is measured.

/** The engine's own bridge; or a network of the cluster, beside which the raw engine's containers have none at all. */
export type Network = 'bridge' | 'overlay';

export interface Contender {
  readonly name: 'raw' | 'muster' | 'swarm';
  /** What a network takes, before anything is measured. */
  prepare?(network: Network): Promise<void>;
  /** Resolves when all N run, by the contender's own account. */
  start(count: number, network: Network): Promise<void>;
  /** One container dies and another is started; the raw engine only starts one. In seconds, by the engine's clock. */
  replaceOne(network: Network): Promise<number>;
  /** Resolves when those that ran are gone from the engine. */
  empty(): Promise<void>;
  /** Removes what is left: containers that died, the service. */
  clear(): Promise<void>;
  /** Seconds of processor time used beside the engine's, so far. */
  cpuSeconds(): number;
}
