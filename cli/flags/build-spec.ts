// From flags to a spec: a new one, or an existing one changed. Pure, but for what `env` and `readFile` bring.
import { ownValue, type ServiceSpec, setOwn } from '@muster/model';
import { usageError } from '../errors.ts';
import { settleChecks } from './health-flags.ts';
import { type ListFlag, listFlags, scalarFlags } from './spec-flags.ts';

/** What commander read: by the flag's name in camel case. */
export type FlagValues = Readonly<Record<string, unknown>>;
type Fields = Record<string, unknown>;

export interface ClientSide {
  /** For `-e KEY` without a value, and lines of an --env-file. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => string;
}

/** The long form, with nothing but what was asked for. */
export function buildSpec(
  image: string,
  args: readonly string[],
  flags: FlagValues & { readonly name: string; readonly mode?: string; readonly envFile?: readonly string[] },
  client: ClientSide,
): Fields {
  const spec: Fields = { name: flags.name };
  setAt(spec, ['taskTemplate', 'containerSpec', 'image'], image);
  if (args.length > 0) setAt(spec, ['taskTemplate', 'containerSpec', 'args'], [...args]);
  setScalars(spec, flags);
  setMode(spec, flags);
  for (const list of listFlags) {
    const given = (ownValue(flags, camelCase(list.name)) ?? []) as unknown[];
    const items = list.name === 'env' ? gatherEnv(given as string[], flags.envFile ?? [], client) : given;
    if (items.length > 0) setAt(spec, list.path, toPlace(list, mergeItems(list, [], items)));
  }
  return spec;
}

/** The spec as it will be. Throws a usage error when something to be removed is not there. */
export function changeSpec(spec: ServiceSpec, flags: FlagValues, client: ClientSide): ServiceSpec {
  const changed = structuredClone(spec) as unknown as Fields;
  const container = ['taskTemplate', 'containerSpec'];
  if (flags.image !== undefined) setAt(changed, [...container, 'image'], flags.image);
  if (flags.args !== undefined) setAt(changed, [...container, 'args'], flags.args);
  if (flags.replicas !== undefined && !spec.mode.replicated)
    throw usageError('replicas can only be used with replicated mode');
  setScalars(changed, flags);
  for (const list of listFlags) changeList(changed, list, flags, client);
  if (flags.force === true)
    setAt(changed, ['taskTemplate', 'forceUpdate'], spec.taskTemplate.forceUpdate + 1);
  return changed as unknown as ServiceSpec;
}

function changeList(spec: Fields, list: ListFlag, flags: FlagValues, client: ClientSide): void {
  const given = (ownValue(flags, camelCase(`${list.name}-add`)) ?? []) as unknown[];
  const added = list.name === 'env' ? gatherEnv(given as string[], [], client) : given;
  const removals = (ownValue(flags, camelCase(`${list.name}-rm`)) ?? []) as never[];
  if (added.length === 0 && removals.length === 0) return;
  const { isRemovedBy = (item: never, key: never) => list.keyOf(item) === key } = list;
  const { removeFrom = (item, removal) => (isRemovedBy(item, removal) ? undefined : item) } = list;
  const before = fromPlace(getAt(spec, list.path));
  if (before.length === 0 && added.length === 0) return;
  const left = before.flatMap((item) => {
    const rest = removals.reduce<unknown>((of, removal) => of && removeFrom(of as never, removal), item);
    return rest === undefined ? [] : [rest];
  });
  const items = mergeItems(list, left, added);
  setAt(spec, list.path, toPlace(list, list.sorted ? items.sort() : items));
}

function setScalars(spec: Fields, flags: FlagValues): void {
  for (const flag of scalarFlags) {
    const value = ownValue(flags, flag.attribute);
    if (value !== undefined) setAt(spec, flag.path, value);
  }
  const container = ['taskTemplate', 'containerSpec'];
  const checked = { ...(getAt(spec, container) as Fields) };
  settleChecks(checked, flags);
  setAt(spec, container, checked);
}

const longModes: Readonly<Record<string, string>> = {
  global: 'global',
  'replicated-job': 'replicatedJob',
  'global-job': 'globalJob',
};

function setMode(spec: Fields, { mode, replicas }: FlagValues & { readonly mode?: string }): void {
  if (mode === undefined || mode === 'replicated') return;
  const key = ownValue(longModes, mode);
  if (key === undefined) {
    throw usageError(
      `Unknown mode: ${mode}, only replicated, global, replicated-job and global-job are known`,
    );
  }
  if (replicas !== undefined && key !== 'replicatedJob')
    throw usageError('replicas can only be used with replicated or replicated-job mode');
  // Jobs are refused by the orchestrator for now, in so many words.
  spec.mode = { [key]: {} };
}

/** Files first, then flags; the last of a name wins. A name alone takes its value from here, if it has one here. */
function gatherEnv(
  flags: readonly string[],
  files: readonly string[],
  { env, readFile }: ClientSide,
): string[] {
  const lines = files.flatMap((path) =>
    readFile(path)
      .split(/\r?\n/)
      .map((line) => line.trimStart())
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => checkLine(path, line)),
  );
  return [...lines, ...flags].flatMap((item) => {
    if (item.includes('=')) return [item];
    const value = ownValue(env, item);
    return value === undefined ? [] : [`${item}=${value}`];
  });
}

function checkLine(path: string, line: string): string {
  const [name] = line.split('=');
  if (name === '') throw usageError(`invalid env file (${path}): no variable name on line '${line}'`);
  if (/\s/.test(name!))
    throw usageError(`invalid env file (${path}): variable '${name}' contains whitespaces`);
  return line;
}

/** What is added with the key of what is there takes its place. */
function mergeItems(list: ListFlag, before: readonly unknown[], added: readonly unknown[]): unknown[] {
  const addedByKey = new Map<string, unknown[]>();
  for (const item of added) {
    const key = list.keyOf(item as never);
    const others = list.lastWins ? [] : (addedByKey.get(key) ?? []);
    addedByKey.set(key, [...others, item]);
  }
  const kept = before.flatMap((item) => {
    const key = list.keyOf(item as never);
    const replacing = addedByKey.get(key);
    if (replacing) addedByKey.set(key, []);
    return replacing ?? [item];
  });
  return [...kept, ...[...addedByKey.values()].flat()];
}

/** Labels are a map in the spec, and pairs here. */
function toPlace(list: ListFlag, items: readonly unknown[]): unknown {
  return list.path.at(-1) === 'labels' ? Object.fromEntries(items as [string, string][]) : items;
}

function fromPlace(place: unknown): unknown[] {
  return Array.isArray(place) ? place : Object.entries((place ?? {}) as Fields);
}

function getAt(spec: Fields, path: readonly string[]): unknown {
  return path.reduce<unknown>((at, key) => at && ownValue(at as Fields, key), spec);
}

function setAt(spec: Fields, path: readonly string[], value: unknown): void {
  let at = spec;
  for (const key of path.slice(0, -1)) {
    const inner = (ownValue(at, key) ?? {}) as Fields;
    setOwn<unknown>(at, key, inner);
    at = inner;
  }
  setOwn(at, path.at(-1)!, value);
}

export function camelCase(name: string): string {
  return name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
