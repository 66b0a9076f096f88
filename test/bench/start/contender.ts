// One way to run N containers on an engine. Each has its engine to itself while it is measured.

export interface Contender {
  readonly name: 'raw' | 'muster' | 'swarm';
  /** Resolves when all N run, by the contender's own account. */
  start(count: number): Promise<void>;
  /** One container dies and another is started; the raw engine only starts one. In seconds, by the engine's clock. */
  replaceOne(): Promise<number>;
  /** Resolves when those that ran are gone from the engine. */
  empty(): Promise<void>;
  /** Removes what is left: containers that died, the service. */
  clear(): Promise<void>;
  /** Seconds of processor time used beside the engine's, so far. */
  cpuSeconds(): number;
}
