// The form of a service that a person types: {"image":"nginx:alpine","replicas":3,"ports":["8080:80"]}.
// It says nothing that the long form can't; `expandShortForm` turns it into the long form's input.
import { z } from 'zod';
import { ownValue } from './own-keys.ts';
import { parsePlacementPreference } from './placement-preference.ts';
import { parseCpus, parseMemory } from './quantity.ts';
import {
  durationSchema,
  type mountSchema,
  placementPreferenceSchema,
  type portSchema,
  restartPolicySchema,
  updateConfigSchema,
} from './service-spec.ts';

const words = z.union([z.string(), z.array(z.string())]);
const stringList = z.array(z.string());
const stringMap = z.record(z.string(), z.string());

function parsed<T>(parse: (text: string) => T | undefined, expected: string) {
  return z.union([z.string(), z.number()]).transform((value, context) => {
    const result = parse(String(value));
    if (result !== undefined) return result;
    context.addIssue({ code: 'custom', message: `invalid value "${value}": expected ${expected}` });
    return z.NEVER;
  });
}

const amounts = z.strictObject({
  cpus: parsed(parseCpus, 'a number of CPUs such as 0.5').optional(),
  memory: parsed(parseMemory, 'bytes, or an amount such as "64m"').optional(),
});

const shortMount = parsed(parseMount, '"source:target[:ro]" or "type=…,source=…,target=…"').or(
  z.strictObject({
    type: z.enum(['bind', 'volume', 'tmpfs']).optional(),
    source: z.string().optional(),
    target: z.string(),
    readOnly: z.boolean().optional(),
  }),
);

const shortPort = parsed(parsePort, '"published:target[/protocol]" or "published=…,target=…,mode=host"').or(
  z.strictObject({
    target: z.int(),
    published: z.int().optional(),
    protocol: z.enum(['tcp', 'udp', 'sctp']).optional(),
    mode: z.enum(['ingress', 'host']).optional(),
  }),
);

const shortPreference = z
  .string()
  .transform((text, context) => {
    const preference = parsePlacementPreference(text);
    if (!('error' in preference)) return preference;
    context.addIssue({ code: 'custom', message: preference.error });
    return z.NEVER;
  })
  .or(placementPreferenceSchema);

export const shortFormSchema = z
  .strictObject({
    name: z.string().optional(),
    image: z.string().optional(),
    /** Replaces the image's entrypoint; a string is split at spaces. */
    command: words.optional(),
    /** Arguments to the entrypoint; a string is split at spaces. */
    args: words.optional(),
    env: z.union([stringList, stringMap]).optional(),
    replicas: z.int().optional(),
    mode: z.enum(['replicated', 'global', 'replicated-job', 'global-job']).optional(),
    ports: z.array(shortPort).optional(),
    mounts: z.array(shortMount).optional(),
    resources: z.strictObject({ limits: amounts.optional(), reservations: amounts.optional() }).optional(),
    restart: z.union([z.enum(['none', 'on-failure', 'any']), restartPolicySchema]).optional(),
    update: updateConfigSchema.optional(),
    placement: z
      .union([
        stringList,
        z.strictObject({
          constraints: stringList.optional(),
          /** "spread=node.labels.zone" */
          preferences: z.array(shortPreference).optional(),
          maxReplicas: z.int().optional(),
        }),
      ])
      .optional(),
    networks: stringList.optional(),
    labels: stringMap.optional(),
    user: z.string().optional(),
    dir: z.string().optional(),
    hostname: z.string().optional(),
    stopSignal: z.string().optional(),
    stopGracePeriod: durationSchema.optional(),
  })
  .meta({ description: 'A service in short' });

export type ShortForm = z.infer<typeof shortFormSchema>;

/** Keys left undefined are dropped, so that the long form's defaults apply. */
export function expandShortForm(short: ShortForm): Record<string, unknown> {
  const amountsOf = (amount: { cpus?: number | undefined; memory?: number | undefined } | undefined) =>
    given({ nanoCpus: amount?.cpus, memoryBytes: amount?.memory });
  const placement = Array.isArray(short.placement) ? { constraints: short.placement } : short.placement;
  return given({
    name: short.name,
    labels: short.labels,
    taskTemplate: given({
      containerSpec: given({
        image: short.image,
        command: splitWords(short.command),
        args: splitWords(short.args),
        env: Array.isArray(short.env)
          ? short.env
          : short.env && Object.entries(short.env).map(([k, v]) => `${k}=${v}`),
        mounts: short.mounts?.map((mount) =>
          given({
            type: mount.type ?? guessMountType(mount.source),
            source: mount.source,
            target: mount.target,
            readOnly: mount.readOnly,
          }),
        ),
        user: short.user,
        dir: short.dir,
        hostname: short.hostname,
        stopSignal: short.stopSignal,
        stopGracePeriod: short.stopGracePeriod,
      }),
      resources: short.resources && {
        limits: amountsOf(short.resources.limits),
        reservations: amountsOf(short.resources.reservations),
      },
      restartPolicy: typeof short.restart === 'string' ? { condition: short.restart } : short.restart,
      placement: placement && given(placement),
      networks: short.networks,
    }),
    mode: expandMode(short),
    updateConfig: short.update,
    endpointSpec: short.ports && {
      ports: short.ports.map((port) =>
        given({
          protocol: port.protocol,
          targetPort: port.target,
          publishedPort: port.published,
          publishMode: port.mode,
        }),
      ),
    },
  });
}

/** Where `expandShortForm` puts what a user wrote under another name; undefined where the short form has no such level. */
const shortNames: Readonly<Record<string, string | undefined>> = {
  taskTemplate: undefined,
  containerSpec: undefined,
  endpointSpec: undefined,
  replicated: undefined,
  restartPolicy: 'restart',
  updateConfig: 'update',
  targetPort: 'target',
  publishedPort: 'published',
  publishMode: 'mode',
  nanoCpus: 'cpus',
  memoryBytes: 'memory',
};

/** The way to a field of the long form, as the user of the short form wrote it. */
export function shortenPath(path: readonly PropertyKey[]): PropertyKey[] {
  return path.flatMap((key) => {
    if (typeof key !== 'string' || !Object.hasOwn(shortNames, key)) return [key];
    const name = shortNames[key];
    return name === undefined ? [] : [name];
  });
}

const longModeKey = {
  replicated: 'replicated',
  global: 'global',
  'replicated-job': 'replicatedJob',
  'global-job': 'globalJob',
};

function expandMode(short: ShortForm): Record<string, unknown> {
  const key = longModeKey[short.mode ?? 'replicated'];
  return { [key]: given({ replicas: short.replicas }) };
}

function splitWords(value: string | string[] | undefined): string[] | undefined {
  return typeof value === 'string' ? value.split(/\s+/).filter(Boolean) : value;
}

function guessMountType(source: string | undefined): 'bind' | 'volume' {
  return source?.startsWith('/') ? 'bind' : 'volume';
}

function given<T extends Record<string, unknown>>(fields: T): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}

type ShortMount = Partial<z.infer<typeof mountSchema>> & { target: string };
type ShortPort = {
  target: number;
  published?: number | undefined;
  protocol?: z.infer<typeof portSchema>['protocol'] | undefined;
  mode?: 'ingress' | 'host' | undefined;
};

/** "source:target[:ro]", or Docker's `--mount` notation. */
export function parseMount(text: string): ShortMount | undefined {
  if (!text.includes('=')) {
    const [source, target, option, ...rest] = text.split(':');
    if (!source || !target || rest.length > 0 || (option !== undefined && option !== 'ro' && option !== 'rw'))
      return undefined;
    return { type: guessMountType(source), source, target, readOnly: option === 'ro' };
  }
  const fields = parseFields(text, {
    type: 'type',
    source: 'source',
    src: 'source',
    target: 'target',
    destination: 'target',
    dst: 'target',
    readonly: 'readOnly',
    ro: 'readOnly',
  });
  if (!fields?.target || !['bind', 'volume', 'tmpfs', undefined].includes(fields.type)) return undefined;
  return {
    type: (fields.type as ShortMount['type']) ?? guessMountType(fields.source),
    ...(fields.source !== undefined && { source: fields.source }),
    target: fields.target,
    readOnly: fields.readOnly !== undefined && fields.readOnly !== 'false',
  };
}

/** "published:target[/protocol]", "target[/protocol]", or Docker's long `--publish` notation. */
export function parsePort(text: string): ShortPort | undefined {
  if (!text.includes('=')) {
    const match = /^(?:(\d{1,5}):)?(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text);
    if (!match) return undefined;
    return {
      target: Number(match[2]),
      published: match[1] === undefined ? undefined : Number(match[1]),
      protocol: match[3] as ShortPort['protocol'],
    };
  }
  const fields = parseFields(text, {
    published: 'published',
    target: 'target',
    protocol: 'protocol',
    mode: 'mode',
  });
  const target = Number(fields?.target);
  const published = fields?.published === undefined ? undefined : Number(fields.published);
  if (!Number.isInteger(target) || (published !== undefined && !Number.isInteger(published)))
    return undefined;
  if (!['tcp', 'udp', 'sctp', undefined].includes(fields?.protocol)) return undefined;
  if (!['ingress', 'host', undefined].includes(fields?.mode)) return undefined;
  return {
    target,
    published,
    protocol: fields?.protocol as ShortPort['protocol'],
    mode: fields?.mode as ShortPort['mode'],
  };
}

/** Docker's comma-separated `key=value` notation; undefined when a key is not among `names`. */
function parseFields(
  text: string,
  names: Record<string, string>,
): Record<string, string | undefined> | undefined {
  const fields: Record<string, string> = {};
  for (const part of text.split(',')) {
    const [key, ...value] = part.split('=');
    const name = ownValue(names, key!.trim().toLowerCase());
    if (name === undefined) return undefined;
    fields[name] = value.join('=').trim();
  }
  return fields;
}
