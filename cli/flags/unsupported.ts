// What Docker has and muster does not have yet: refused by name, so that nobody looks for a typing error.
import { type Command, Option } from 'commander';
import { usageError } from '../errors.ts';

export function notSupported(what: string): Error {
  return usageError(`${what} is not supported by this version of muster`);
}

/** Flags without dashes. */
export function refuseFlags(command: Command, names: readonly string[]): void {
  for (const name of names) {
    const option = new Option(`--${name} [value]`).hideHelp();
    command.addOption(option);
    command.on(`option:${option.name()}`, () => {
      throw notSupported(`--${name}`);
    });
  }
}

const anyServiceFlag = [
  'credential-spec',
  'isolation',
  'limit-pids',
  'log-driver',
  'log-opt',
  'max-concurrent',
  'memory-swap',
  'memory-swappiness',
  'no-resolve-image',
  'oom-score-adj',
  'with-registry-auth',
  'cap-add',
  'cap-drop',
];

const lists = ['config', 'generic-resource', 'group', 'secret', 'sysctl', 'ulimit'];

export const unsupportedOnCreate: readonly string[] = [...anyServiceFlag, ...lists];
export const unsupportedOnUpdate: readonly string[] = [
  ...anyServiceFlag,
  ...lists.flatMap((name) => [`${name}-add`, `${name}-rm`]),
];
