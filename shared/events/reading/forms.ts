// Forms that outlive the event they came in: the state keeps them as they were stored. An event that holds one has a new
// version whenever the form has.
import {
  networkSpecSchema,
  nodeDescriptionSchema,
  nodeSpecSchema,
  serviceSpecSchema,
  storedForm,
  taskSpecSchema,
} from '@muster/model';
import { z } from 'zod';

type Json = Record<string, unknown>;

export interface Form<Content = unknown> {
  readonly name: string;
  readonly schema: z.ZodType<Content, Content>;
  /**
   * By wire version: what brings the form of the version before it up to it. It says what was meant by what is absent
   * there, for ever: a build's defaults have no say in it.
   */
  readonly upcasters: Readonly<Record<number, (old: Json) => Json>>;
}

function defineForm<Content>(form: Form<Content>): Form<Content> {
  return form;
}

export const serviceSpecForm = defineForm({
  name: 'service-spec',
  schema: storedForm(serviceSpecSchema),
  upcasters: { 2: watchNothing },
});

/** What a service's spec was before there was more than one mode. */
export const firstServiceSpecSchema = (serviceSpecForm.schema as unknown as z.ZodObject).extend({
  mode: z.object({ replicated: z.object({ replicas: z.int() }) }),
});

/** Before there was anything to say of it, an update went on whatever became of its tasks. */
function watchNothing({ updateConfig, ...old }: Json): Json {
  const watching = { monitor: 5e9, maxFailureRatio: 0 };
  const rollbackConfig = {
    parallelism: 1,
    delay: 0,
    order: 'stop-first',
    failureAction: 'pause',
    ...watching,
  };
  return {
    ...old,
    updateConfig: { ...(updateConfig as Json), failureAction: 'continue', ...watching },
    rollbackConfig,
  };
}

export const taskSpecForm = defineForm({
  name: 'task-spec',
  schema: storedForm(taskSpecSchema),
  // Those of the service's spec, for the part of it that a command holds.
  upcasters: {},
});

export const nodeSpecForm = defineForm({
  name: 'node-spec',
  schema: storedForm(nodeSpecSchema),
  upcasters: {},
});

export const nodeDescriptionForm = defineForm({
  name: 'node-description',
  schema: storedForm(nodeDescriptionSchema),
  upcasters: { 2: (old) => old },
});

export const networkSpecForm = defineForm({
  name: 'network-spec',
  schema: storedForm(networkSpecSchema),
  upcasters: {},
});

/** A form as it stands in the log, and in which wire version: what the state hash is made of. */
export interface Stored {
  readonly wire: number;
  readonly content: unknown;
}

export function readStored<Content>(form: Form<Content>, { wire, content }: Stored): Content {
  return upcastForm(form, content as Json, wire) as Content;
}

export function upcastForm({ upcasters }: Form, content: Json, wire: number): Json {
  let current = content;
  for (const version of versionsOf(upcasters)) if (version > wire) current = upcasters[version]!(current);
  return current;
}

/** Wire versions that brought a change, in order: as integers are in every object. */
export function versionsOf(upcasters: Readonly<Record<number, unknown>>): number[] {
  return Object.keys(upcasters).map(Number);
}
