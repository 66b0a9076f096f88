// The form of a service that a person types: {"image":"nginx:alpine","replicas":3,"ports":["8080:80"]}.
// It says nothing that the long form can't; `expandShortForm` turns it into the long form's input.

import { z } from 'zod';
import { guessMountType, parseMount, parsePort, type Read } from '../grammar/docker-notation.ts';
import { parseExtraHost } from '../grammar/host-notation.ts';
import { parseNetwork } from '../grammar/network-notation.ts';
import { parsePlacementPreference } from '../grammar/placement-preference.ts';
import { parseCpus, parseMemory } from '../grammar/quantity.ts';
import { ownValue } from '../stored/own-keys.ts';
import { since } from '../stored/wire-version.ts';
import {
  dnsConfigSchema,
  durationSchema,
  endpointModes,
  healthcheckSchema,
  placementPreferenceSchema,
  readinessSchema,
  restartPolicySchema,
  rollbackConfigSchema,
  updateConfigSchema,
} from './service-spec.ts';

const words = z.union([z.string(), z.array(z.string())]);
const stringList = z.array(z.string());
const stringMap = z.record(z.string(), z.string());

function parsed<T>(parse: (text: string) => T | undefined, expected: string) {
  return readWith((text) => {
    const result = parse(text);
    return result === undefined ? { error: `expected ${expected}` } : { result };
  }).transform(({ result }) => result);
}

function readWith<T extends object>(read: (text: string) => Read<T>) {
  return z.union([z.string(), z.number()]).transform((value, context): T => {
    const result = read(String(value));
    if (!('error' in result)) return result;
    context.addIssue({ code: 'custom', message: `invalid value "${value}": ${result.error}` });
    return z.NEVER;
  });
}

const amounts = z.strictObject({
  cpus: parsed(parseCpus, 'a number of CPUs such as 0.5').optional(),
  memory: parsed(parseMemory, 'bytes, or an amount such as "64m"').optional(),
});

const shortMount = readWith(parseMount).or(
  z.strictObject({
    type: z.enum(['bind', 'volume', 'tmpfs']).optional(),
    source: z.string().optional(),
    target: z.string(),
    readOnly: z.boolean().optional(),
  }),
);

const shortPort = readWith(parsePort).or(
  z.strictObject({
    target: z.int(),
    published: z.int().optional(),
    protocol: z.enum(['tcp', 'udp', 'sctp']).optional(),
    mode: z.enum(['ingress', 'host']).optional(),
  }),
);

const shortNetwork = readWith(parseNetwork).or(
  z
    .strictObject({
      name: z.string().min(1),
      aliases: stringList.optional(),
      driverOpts: stringMap.optional(),
    })
    .transform(({ name: target, aliases = [], driverOpts = {} }) => ({ target, aliases, driverOpts })),
);

/** A command for a shell, or Docker's words. */
const shortTest = z.string().transform((command) => ['CMD-SHELL', command]);
const test = shortTest.or(stringList);

const shortHost = readWith((text) => {
  const read = parseExtraHost(text);
  return typeof read === 'string' ? { line: read } : read;
}).transform(({ line }) => line);

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
    rollback: since(2, rollbackConfigSchema.optional()),
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
    /** "backend", or "name=backend,alias=db" */
    networks: since(2, z.array(shortNetwork).optional()),
    /** Whether the service has one address of its own on its networks. */
    endpointMode: since(2, z.enum(endpointModes).optional()),
    labels: stringMap.optional(),
    user: z.string().optional(),
    dir: z.string().optional(),
    hostname: z.string().optional(),
    /** Servers that are asked for names, or the whole of what is to be said of it. */
    dns: since(2, stringList.or(dnsConfigSchema).optional()),
    /** "name:10.0.0.1" */
    hosts: since(2, z.array(shortHost).optional()),
    stopSignal: z.string().optional(),
    stopGracePeriod: durationSchema.optional(),
    /** Whether a task is healthy: "curl -f localhost", or with intervals. */
    health: since(2, shortTest.or(healthcheckSchema.extend({ test: test.optional() })).optional()),
    /** Whether it is to be sent anything, likewise. */
    ready: since(2, shortTest.or(readinessSchema.extend({ test: test.optional() })).optional()),
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
        dnsConfig: Array.isArray(short.dns) ? { nameservers: short.dns } : short.dns,
        hosts: short.hosts,
        stopSignal: short.stopSignal,
        stopGracePeriod: short.stopGracePeriod,
        healthcheck: expandCheck(short.health),
        readiness: expandCheck(short.ready),
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
    rollbackConfig: short.rollback,
    endpointSpec: given({
      mode: short.endpointMode,
      ports: short.ports?.map((port) =>
        given({
          protocol: port.protocol,
          targetPort: port.target,
          publishedPort: port.published,
          publishMode: port.mode,
        }),
      ),
    }),
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
  rollbackConfig: 'rollback',
  targetPort: 'target',
  publishedPort: 'published',
  publishMode: 'mode',
  dnsConfig: 'dns',
  healthcheck: 'health',
  readiness: 'ready',
  nanoCpus: 'cpus',
  memoryBytes: 'memory',
};

/** The way to a field of the long form, as the user of the short form wrote it. */
export function shortenPath(path: readonly PropertyKey[]): PropertyKey[] {
  return path.flatMap((key) => {
    if (typeof key !== 'string' || !Object.hasOwn(shortNames, key)) return [key];
    const name = ownValue(shortNames, key);
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

/** With nothing undefined in it. */
function expandCheck(check: string[] | object | undefined): object | undefined {
  return Array.isArray(check) ? { test: check } : check && given({ ...check });
}

function splitWords(value: string | string[] | undefined): string[] | undefined {
  return typeof value === 'string' ? value.split(/\s+/).filter(Boolean) : value;
}

function given<T extends Record<string, unknown>>(fields: T): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
