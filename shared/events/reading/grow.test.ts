// Whatever field is added to whatever is stored, in whatever place: what was stored before is read as it was and gives the
// same hash, and nobody writes the field before the cluster's version is raised.
import { since } from '@muster/model';
import { createChanges, createState, evolve, hashState } from '@muster/state';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { catalogue } from '../catalogue.ts';
import { type EventDefinition, WIRE_VERSION } from '../envelope.ts';
import { exampleEvents } from '../examples.ts';
import { isReducer } from '../subjects/subjects.ts';
import { type Definitions, decodeEvent, type Fact, type RawRecord } from './decode.ts';
import { composeEvent, type EventDraft, findUnreadable } from './encode.ts';

/** The version that brings the field. */
const NEXT = WIRE_VERSION + 1;

type Path = readonly string[];
type Shape = Readonly<Record<string, z.core.$ZodType>>;

/** Where an object stands in the schema; "*" is any item of a list. */
function* listObjects(schema: z.core.$ZodType, path: Path = []): Generator<Path> {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  if (def.type === 'object') {
    yield path;
    for (const [key, field] of Object.entries(def.shape as Shape)) yield* listObjects(field, [...path, key]);
  } else if (def.type === 'array') yield* listObjects(def.element, [...path, '*']);
  else if ('innerType' in def) yield* listObjects(def.innerType as z.core.$ZodType, path);
}

/** The same schema with one optional field more, in the object that stands there. */
function graft(schema: z.core.$ZodType, [key, ...rest]: Path, name: string): z.ZodType {
  const { def } = (schema as z.core.$ZodTypes)._zod;
  const whole = [key, ...rest].filter((part) => part !== undefined);
  if (def.type === 'array') return z.array(graft(def.element, rest, name));
  if (def.type === 'optional') return graft(def.innerType, whole, name).optional();
  if (def.type === 'default') return graft(def.innerType, whole, name).default(def.defaultValue as never);
  if (def.type !== 'object') throw new Error(`a field in ${def.type}`);
  const shape = def.shape as Record<string, z.ZodType>;
  if (key === undefined) return z.object({ ...shape, [name]: since(NEXT, z.json().optional()) });
  return z.object({ ...shape, [key]: graft(shape[key]!, rest, name) });
}

function grow(definition: EventDefinition, path: Path, name: string): EventDefinition {
  const schema = graft(definition.schema, path, name) as EventDefinition['schema'];
  const upcasters = { [NEXT]: (old: Record<string, unknown>) => old };
  return {
    ...definition,
    schema,
    upcasters,
    since: [...definition.since, NEXT],
    version: definition.version + 1,
  };
}

/** The draft with a value in that place; undefined where the example has nothing there. */
function put(draft: object, [key, ...rest]: Path, name: string, value: unknown): object | undefined {
  if (key === undefined) return { ...draft, [name]: value };
  const found = key === '*' ? (draft as readonly object[])[0] : (draft as Record<string, object>)[key];
  const inner = found && put(found, rest, name, value);
  if (!inner) return undefined;
  return key === '*' ? [inner, ...(draft as readonly object[]).slice(1)] : { ...draft, [key]: inner };
}

const envelope = new Set(['read']);
const places = catalogue.flatMap((definition) =>
  [...listObjects(definition.schema)]
    .filter(([first]) => !envelope.has(first ?? ''))
    .map((path) => ({ definition: definition as unknown as EventDefinition, path })),
);
const drafts = Object.values(exampleEvents) as EventDraft[];
const names = fc.stringMatching(/^y[a-zA-Z0-9]{1,12}$/);
/** JSON that is there: what is undefined is left out. */
const values = fc.json({ maxDepth: 2 }).map((text): unknown => JSON.parse(JSON.stringify(JSON.parse(text))));

/** One event of each type, in the order in which a cluster has them. */
function record(draft: EventDraft, index: number, wire: number, definitions?: Definitions): RawRecord {
  const { subject, data } = composeEvent(draft, 1_767_225_600_000, {
    wire,
    ...(definitions && { definitions }),
  });
  return { seq: index + 1, time: 1_767_225_600_000, subject, data };
}

const log = drafts.map((draft, index) => record(draft, index, WIRE_VERSION));

const facts = log.map((raw) => decodeEvent(raw, WIRE_VERSION));

function fold(decoded: readonly Fact[]): string {
  const state = createState();
  for (const fact of decoded) evolve(state, fact, createChanges());
  return hashState(state);
}

const hash = fold(facts);

it('there are many places for a field', () => {
  expect(places.length).toBeGreaterThan(50);
});

const SLOW_MS = 30_000;

it(
  'a log folds to the same state by a build that knows a field more, whatever the version of the cluster',
  () => {
    for (const { definition, path } of places) {
      const grown = grow(definition, path, 'younger');
      const definitions: Definitions = new Map([[grown.type, grown]]);
      for (const wire of [WIRE_VERSION, NEXT]) {
        const read = log.map((raw, index) =>
          drafts[index]!.type === grown.type ? decodeEvent(raw, wire, definitions) : facts[index]!,
        );
        expect(fold(read), `${grown.type} ${path.join('.')}`).toBe(hash);
      }
    }
  },
  SLOW_MS,
);

it(
  'the field is never written before the version is raised, is read back afterwards, and unknown to others',
  () => {
    fc.assert(
      fc.property(fc.constantFrom(...places), names, values, ({ definition, path }, name, value) => {
        const draft = drafts.find(({ type }) => type === definition.type)!;
        const young = put(draft, path, name, value) as EventDraft | undefined;
        fc.pre(young !== undefined && put(draft, path, name, undefined) !== undefined);
        const grown = grow(definition, path, name);
        const definitions: Definitions = new Map([[grown.type, grown]]);
        if (definition.writer === 'agent') {
          expect(record(young!, 0, WIRE_VERSION, definitions).data, 'it is left out').toEqual(
            record(draft, 0, WIRE_VERSION).data,
          );
        } else expect(() => record(young!, 0, WIRE_VERSION, definitions)).toThrow(`${name} is not known`);
        const stored = record(young!, 0, NEXT, definitions);
        expect(decodeEvent(stored, NEXT, definitions)).toMatchObject({
          is: 'event',
          wire: NEXT,
          event: young,
        });
        // Before the raise, and in a build that does not know it.
        const refused = isReducer(definition.writer) ? 'unknown' : 'poison';
        expect(decodeEvent(stored, WIRE_VERSION, definitions)).toMatchObject({ is: refused });
        expect(decodeEvent(stored, NEXT)).toMatchObject({ is: refused });
        expect(findUnreadable(young!, WIRE_VERSION)).toMatchObject({ isUnknown: true });
      }),
      { numRuns: 40 },
    );
  },
  SLOW_MS,
);
