// What a benchmark is: a name, flags, and a run that prints its results.

export interface Flag {
  readonly help: string;
  readonly default: string;
}

/** The values of the flags, by name. */
export interface Values {
  text(name: string): string;
  number(name: string): number;
  words(name: string): string[];
  numbers(name: string): number[];
}

export interface Bench {
  readonly summary: string;
  readonly flags: Readonly<Record<string, Flag>>;
  run(values: Values): Promise<void>;
}

export function readValues(given: Readonly<Record<string, unknown>>): Values {
  const text = (name: string) => String(given[name]);
  const words = (name: string) => text(name).split(',').filter(Boolean);
  const toNumber = (name: string, word: string) => {
    const value = Number(word);
    if (!Number.isFinite(value) || value < 0)
      throw new Error(`--${name} ${word}: a number that isn't negative`);
    return value;
  };
  return {
    text,
    words,
    number: (name) => toNumber(name, text(name)),
    numbers: (name) => words(name).map((word) => toNumber(name, word)),
  };
}
