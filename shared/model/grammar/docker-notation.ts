// Mounts and ports as docker's command line writes them (cli/opts: mount.go, port.go): keys and words without regard to
// case, paths as they stand. What is wrong is said in docker's words.

import type { z } from 'zod';
import type { mountSchema, portSchema } from '../spec/service-spec.ts';
import { ownValue } from '../stored/own-keys.ts';
import { splitCommaFields } from './comma-fields.ts';

export type Read<T> = T | { readonly error: string };

export type ShortMount = Partial<z.infer<typeof mountSchema>> & { readonly target: string };

export interface ShortPort {
  readonly target: number;
  readonly published?: number | undefined;
  readonly protocol?: z.infer<typeof portSchema>['protocol'] | undefined;
  readonly mode?: 'ingress' | 'host' | undefined;
}

const mountTypes = ['bind', 'volume', 'tmpfs'] as const;
const mountTypesNotYet = ['npipe', 'cluster', 'image'];
const protocols = ['tcp', 'udp', 'sctp'] as const;
const modes = ['ingress', 'host'] as const;

const mountKeys: Readonly<Record<string, keyof ShortMount>> = {
  type: 'type',
  source: 'source',
  src: 'source',
  target: 'target',
  destination: 'target',
  dst: 'target',
  readonly: 'readOnly',
  ro: 'readOnly',
};
const mountKeysNotYet = /^(consistency|bind-.+|volume-.+|tmpfs-.+|image-.+)$/;

/** "source:target[:ro]", or Docker's `--mount` notation. */
export function parseMount(text: string): Read<ShortMount> {
  return text.includes('=') ? parseLongMount(text) : parseShortMount(text);
}

function parseShortMount(text: string): Read<ShortMount> {
  const [source, target, option, ...rest] = text.split(':');
  const isKnown = option === undefined || option === 'ro' || option === 'rw';
  if (!source || !target || !isKnown || rest.length > 0)
    return { error: 'write it as source:target[:ro], or as type=…,source=…,target=…' };
  return { type: guessMountType(source), source, target, readOnly: option === 'ro' };
}

function parseLongMount(text: string): Read<ShortMount> {
  const fields = splitCommaFields(text);
  if ('error' in fields) return fields;
  const mount: { -readonly [Key in keyof ShortMount]?: ShortMount[Key] } = {};
  for (const field of fields) {
    const { key, value } = cutField(field);
    const name = ownValue(mountKeys, key);
    if (mountKeysNotYet.test(key)) return notYet(key);
    if (name === 'readOnly') {
      const readOnly = value === undefined ? true : parseGoBool(value);
      if (readOnly === undefined) return { error: `invalid value for ${key}: ${value}` };
      mount.readOnly = readOnly;
    } else if (value === undefined) return { error: `invalid field '${field}' must be a key=value pair` };
    else if (name === undefined) return { error: `unexpected key '${key}' in '${field}'` };
    else if (name === 'type') {
      const type = findWord(mountTypes, value);
      if (type === undefined) return refuseMountType(value);
      mount.type = type;
    } else mount[name] = value;
  }
  const { type = guessMountType(mount.source), target, readOnly = false } = mount;
  if (!target) return { error: 'target is required' };
  return { type, ...(mount.source !== undefined && { source: mount.source }), target, readOnly };
}

function refuseMountType(value: string): { readonly error: string } {
  if (value === '') return { error: 'type is required' };
  if (mountTypesNotYet.includes(value.toLowerCase())) return notYet(`type=${value.toLowerCase()}`);
  return { error: `invalid mount type '${value}': there is ${mountTypes.join(', ')}` };
}

export function guessMountType(source: string | undefined): 'bind' | 'volume' {
  return source?.startsWith('/') ? 'bind' : 'volume';
}

/** "published:target[/protocol]", "target[/protocol]", or Docker's long `--publish` notation. */
export function parsePort(text: string): Read<ShortPort> {
  return text.includes('=') ? parseLongPort(text) : parseShortPort(text);
}

function parseShortPort(text: string): Read<ShortPort> {
  const [, numbers = '', word] = /^([^/]*)(?:\/(.*))?$/s.exec(text) ?? [];
  const protocol = word === undefined ? undefined : findWord(protocols, word);
  if (word !== undefined && protocol === undefined) return { error: `invalid proto: ${word}` };
  if (/^[\d-]+(:[\d-]+)?$/.test(numbers) && /\d-\d/.test(numbers)) return notYet('a range of ports');
  const parts = numbers.split(':');
  if (parts.length > 2) return { error: 'hostip is not supported' };
  const target = parsePortNumber(parts.at(-1)!);
  if (target === undefined) return { error: `invalid containerPort: ${parts.at(-1)}` };
  if (parts.length === 1) return { target, published: undefined, protocol };
  const published = parsePortNumber(parts[0]!);
  if (published === undefined) return { error: `invalid hostPort: ${parts[0]}` };
  return { target, published, protocol };
}

function parseLongPort(text: string): Read<ShortPort> {
  const fields = splitCommaFields(text);
  if ('error' in fields) return fields;
  const port: { -readonly [Key in keyof ShortPort]?: ShortPort[Key] } = {};
  for (const field of fields) {
    const { key, value } = cutField(field);
    if (value === undefined || key === '') return { error: `invalid field: ${field}` };
    switch (key) {
      case 'protocol':
        port.protocol = findWord(protocols, value);
        if (port.protocol === undefined) return { error: `invalid protocol value '${value}'` };
        break;
      case 'mode':
        port.mode = findWord(modes, value);
        if (port.mode === undefined)
          return { error: `invalid publish mode value (${value}): must be either 'ingress' or 'host'` };
        break;
      case 'target':
      case 'published': {
        const number = parsePortNumber(value);
        if (number === undefined)
          return { error: `invalid ${key} port (${value}): it is a whole number, at most 65535` };
        port[key] = number;
        break;
      }
      default:
        return { error: `invalid field key: ${key}` };
    }
  }
  const { target, published, protocol, mode } = port;
  return target ? { target, published, protocol, mode } : { error: "missing mandatory field 'target'" };
}

/** The key in small letters; no value where there is no `=`. */
function cutField(field: string): { readonly key: string; readonly value: string | undefined } {
  const at = field.indexOf('=');
  if (at === -1) return { key: field.toLowerCase(), value: undefined };
  return { key: field.slice(0, at).toLowerCase(), value: field.slice(at + 1) };
}

function findWord<Word extends string>(words: readonly Word[], text: string): Word | undefined {
  const lower = text.toLowerCase();
  return words.find((word) => word === lower);
}

/** Whether there is such a port is the schema's to say. */
function parsePortNumber(text: string): number | undefined {
  return /^\d{1,5}$/.test(text) ? Number(text) : undefined;
}

function notYet(what: string): { readonly error: string } {
  return { error: `${what} is not supported by this version of muster` };
}

/** Go's strconv.ParseBool. */
function parseGoBool(text: string): boolean | undefined {
  if (/^(1|t|T|TRUE|true|True)$/.test(text)) return true;
  return /^(0|f|F|FALSE|false|False)$/.test(text) ? false : undefined;
}
