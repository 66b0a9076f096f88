// What a spec may say, and what it says when it says nothing; and the ladder of task states.
import { isTerminal, normaliseServiceSpec, parseTaskState, type ServiceSpec } from '@muster/model';
import { createOrchestrator } from '@muster/orchestrator';
import { createService, decideOnce, startHistory } from '@muster/testing';
import type { Row, Subject } from '../subject.ts';

export const taskStates: Subject = {
  expect: ({ order, terminal }) => ({ order, terminal }),
  start:
    () =>
    ({ state }) => {
      const order = parseTaskState(String(state))!;
      return { order, terminal: isTerminal(order) };
    },
};

/** Paths in Docker's spelling. */
export const defaults: Subject = {
  expect: (row) => row.value,
  accepts: (got, expected) =>
    typeof expected === 'object' && expected !== null && typeof got === 'object' && got !== null
      ? Object.entries(expected).every(([key, value]) => (got as Record<string, unknown>)[key] === value)
      : got === expected,
  start:
    () =>
    ({ path }) => {
      const normalised = normaliseServiceSpec({ image: 'x' }, 'web');
      if (!normalised.ok) throw new Error(normalised.refusal.message);
      let value: unknown = upperKeys(normalised.spec);
      for (const key of String(path).split('.')) value = (value as Record<string, unknown>)[key];
      return value;
    },
};

function upperKeys(spec: ServiceSpec): unknown {
  return JSON.parse(JSON.stringify(spec), (_key, value) =>
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(
          Object.entries(value).map(([key, inner]) => [key[0]!.toUpperCase() + key.slice(1), inner]),
        )
      : value,
  );
}

const image = { image: 'x' };

/** How a field of a row is written in a spec. */
const specByField: Readonly<Record<string, (value: never) => object>> = {
  'resources.memoryBytes': (memory: number) => ({ ...image, resources: { limits: { memory } } }),
  'mode.replicated.replicas': (replicas: number) => ({ ...image, replicas }),
  'container.image': (name: string) => ({ image: name }),
  'container.mounts': (pairs: readonly string[][]) => ({
    ...image,
    mounts: pairs.map(([source, target]) => ({ type: 'bind', source, target })),
  }),
  'container.hostname': (hostname: string) => ({ ...image, hostname }),
  name: (name: string) => ({ ...image, name }),
  healthcheck: (health: object) => ({ ...image, health }),
  restart: (restart: object) => ({ ...image, restart }),
  update: (update: object) => ({ ...image, update }),
  rollback: (rollback: object) => ({ ...image, rollback }),
};

type Body = Readonly<Record<string, unknown>>;

/** Rows about what an update may change: of a service that is there already. */
const updateByField: Readonly<Record<string, { readonly before: Body; readonly after: Body }>> = {
  'service update: mode changed': { before: {}, after: { mode: 'global' } },
};

function judgeUpdate({ before, after }: { readonly before: Body; readonly after: Body }) {
  const history = startHistory({ wire: 2 });
  createService(history, 'web', before);
  const intent = history.intend('update', 'web', { spec: { ...image, ...after } });
  const decided = decideOnce(history, createOrchestrator()).map(({ event }) => event);
  const verdict = decided.find(({ cause }) => cause === intent);
  return verdict?.type === 'intent.rejected' ? { ok: false, message: verdict.message } : { ok: true };
}

export const validation: Subject = {
  skip: ({ field }) => {
    const isKnown = [updateByField, specByField].some((fields) => Object.hasOwn(fields, String(field)));
    return isKnown ? undefined : `${field} does not exist yet`;
  },
  expect: ({ ok, message }) => ({ ok, ...(message !== undefined && { message }) }),
  accepts: (got, expected) => {
    const { ok, message } = expected as { ok: boolean; message?: string };
    const answer = got as { ok: boolean; message?: string };
    return answer.ok === ok && (message === undefined || answer.message === message);
  },
  start: () => (row: Row) => {
    const update = updateByField[String(row.field)];
    if (update) return judgeUpdate(update);
    const body = specByField[String(row.field)]!(row.value as never);
    const normalised = normaliseServiceSpec(body, 'name' in body ? undefined : 'web');
    return normalised.ok ? { ok: true } : { ok: false, message: normalised.refusal.message };
  },
};
