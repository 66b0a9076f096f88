// Values that somebody might send where something else is expected, and specs that are almost right. From a seed.
import type { Chance } from '@muster/simulation';

type Json = Readonly<Record<string, unknown>>;

/** Keys that every object has, and others that mean something somewhere. */
export const oddKeys = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  '',
  'then',
  'length',
  '\u0000',
];

const oddTexts = [
  '',
  ' ',
  '\n',
  'a\r\nb',
  '\u0000',
  '\ud800',
  '\u001b[2J',
  '💥',
  '../../etc/passwd',
  '{{.Task.Slot}}',
  '-1',
  '1e999',
  '2502h',
  '99999999999999999999h',
  '9'.repeat(40),
  '10gib',
  '=x',
  'node.hostname==',
  'x'.repeat(300),
];

const oddNumbers = [0, -1, 0.5, 2 ** 53, 1e21, 1e308, -1e308, 5e-324, 2 ** 31, 65_536];

export function oddValue(chance: Chance, depth = 0): unknown {
  const kind = chance.between(0, depth > 3 ? 4 : 7);
  switch (kind) {
    case 0:
      return null;
    case 1:
      return chance.happens(0.5);
    case 2:
      return chance.pick(oddNumbers);
    case 3:
    case 4:
      return chance.happens(0.02) ? 'x'.repeat(chance.between(10_000, 200_000)) : chance.pick(oddTexts);
    case 5:
      return Array.from({ length: chance.between(0, 4) }, () => oddValue(chance, depth + 1));
    default:
      return Object.fromEntries(
        Array.from({ length: chance.between(0, 3) }, () => [
          chance.pick(oddKeys),
          oddValue(chance, depth + 1),
        ]),
      );
  }
}

/** No more tasks than anybody would mind. */
const goodSpecs: readonly Json[] = [
  { image: 'nginx:alpine', replicas: 1, env: { A: '1' }, labels: { a: 'b' }, restart: { delay: '1s' } },
  {
    mode: { replicated: { replicas: 1 } },
    labels: { a: 'b' },
    taskTemplate: {
      containerSpec: { image: 'demo:1', stopGracePeriod: '10s', env: ['A=1'], labels: { c: 'd' } },
      restartPolicy: { condition: 'any', delay: '5s', maxAttempts: 2, window: '1m' },
      placement: { constraints: ['node.hostname!=x'] },
      resources: { limits: { nanoCpus: 1e9 }, reservations: { memoryBytes: 1e6 } },
    },
    updateConfig: { parallelism: 1, delay: '1s' },
    endpointSpec: { ports: [{ targetPort: 80, publishMode: 'host' }] },
  },
];

/** One thing in it is odd: a value, or a key that does not belong there. */
export function spoilSpec(chance: Chance): unknown {
  const copy = structuredClone(chance.pick(goodSpecs)) as Record<string, unknown>;
  let holder = copy;
  for (;;) {
    const key = chance.pick(Object.keys(holder));
    const inner = holder[key];
    const isMap = typeof inner === 'object' && inner !== null && !Array.isArray(inner);
    if (isMap && chance.happens(0.7)) {
      holder = inner as Record<string, unknown>;
      continue;
    }
    const odd = chance.happens(0.3) ? chance.pick(oddKeys) : key;
    // More replicas than these are nobody's mistake, and cost what they cost.
    const value = key === 'replicas' ? chance.pick([-1, 0, 2, 0.5, '3', null, 1e308]) : oddValue(chance);
    Object.defineProperty(holder, odd, { value, enumerable: true, writable: true, configurable: true });
    return copy;
  }
}

/** Text or bytes that may not even be JSON. */
export function oddPayload(chance: Chance): string | Uint8Array {
  switch (chance.between(0, 5)) {
    case 0:
      return '';
    case 1:
      return Uint8Array.from({ length: chance.between(1, 40) }, () => chance.between(0, 255));
    case 2:
      return '['.repeat(chance.between(1, 5_000));
    case 3:
      return JSON.stringify(spoilSpec(chance)).slice(0, chance.between(1, 80));
    default:
      return JSON.stringify(oddValue(chance));
  }
}
