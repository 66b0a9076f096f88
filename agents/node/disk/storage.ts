// Where an agent keeps the little that neither the log nor the backend can tell it after a restart.

/** One JSON value. */
export interface AgentStorage {
  /** Undefined when nothing was ever saved. Throws when it can't be read. */
  load(): Promise<unknown>;
  /** Durable, and whole or not at all, once resolved. Never called while another save is under way. */
  save(value: unknown): Promise<void>;
  /** Keeps what is stored under that name, where nobody looks for it; nothing is stored then. */
  setAside(name: string): Promise<void>;
}

/** For tests and simulation: what is kept outlives the agent as long as this object does. */
export function createMemoryStorage(): AgentStorage {
  let kept: unknown;
  return {
    load: async () => kept,
    save: async (value) => {
      kept = value;
    },
    setAside: async () => {
      kept = undefined;
    },
  };
}
