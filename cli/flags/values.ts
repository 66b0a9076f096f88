// From the text of a flag to its value. What can't be read is a usage error; what makes no sense is left to the
// orchestrator, whose refusal stands in the log.
import { parseCpus, parseDuration, parseMemory } from '@muster/model';
import { InvalidArgumentError } from 'commander';
import { splitShellWords } from './shell-words.ts';

export type Parse<T> = (text: string) => T;

function parsing<T>(parse: (text: string) => T | undefined, expected: string): Parse<T> {
  return (text) => {
    const value = parse(text);
    if (value === undefined) throw new InvalidArgumentError(`Expected ${expected}.`);
    return value;
  };
}

export const durationValue = parsing(parseDuration, 'a duration such as 10s or 1m30s');
export const memoryValue = parsing(parseMemory, 'an amount of memory such as 64m or 1.5GiB');
export const cpusValue = parsing(parseCpus, 'a number of CPUs such as 0.5, with nine decimals at most');
export const ratioValue = parsing(
  (text) => (/^\d*\.?\d+(e-?\d+)?$/i.test(text) ? Number(text) : undefined),
  'a number such as 0.25',
);
export const wordsValue = parsing(splitShellWords, 'words with their quotes closed');
export const wholeValue = parsing(
  (text) => (/^\d+$/.test(text) && Number.isSafeInteger(Number(text)) ? Number(text) : undefined),
  `a whole number that is not negative, at most ${Number.MAX_SAFE_INTEGER}`,
);

export const envValue: Parse<string> = (text) => {
  if (text === '' || text.startsWith('='))
    throw new InvalidArgumentError(`invalid environment variable: ${text}`);
  return text;
};

export const textValue: Parse<string> = (text) => text;
/** Flags without a value arrive as booleans already. */
export const switchValue: Parse<boolean> = (text) => text as unknown as boolean;
