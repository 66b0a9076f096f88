import { describe, expect, it } from 'vitest';
import { askers, front, run } from './directory.fixture.ts';
import { askersSchema, type NetworkNames, networkNamesSchema } from './forms.ts';
import { readAskers, readNetwork } from './read-files.ts';

const read = (value: unknown) => run(readNetwork(JSON.stringify(value), 'front1'));

/** Each is refused by who reads in steps, and by the schema that the agent writes by. */
const wrong: [string, object, RegExp][] = [
  ['another network', { network: 'other1' }, /about network other1/],
  ['names that are no map', { names: ['web'] }, /not a map/],
  ['no names', { names: undefined }, /names/],
  ['a name with an end', { names: { 'web.': ['10.0.3.2'] } }, /"web\." is not a name/],
  ['a name with a space', { names: { 'a b': [] } }, /"a b" is not a name/],
  ['a name that is too long', { names: { ['a'.repeat(64)]: [] } }, /is not a name/],
  ['one address instead of a list', { names: { web: '10.0.3.2' } }, /what "web" has/],
  ['what is no address', { names: { web: ['10.0.3.256'] } }, /what "web" has/],
  ['an address of one link', { names: { web: ['fe80::1%eth0'] } }, /what "web" has/],
  ['a host without an address', { hosts: { web: '10.0.3.2' } }, /"web" is not an IP address/],
  ['a host without a name', { hosts: { '10.0.3.2': 7 } }, /10\.0\.3\.2 has no name/],
  ['a subnet that is none', { subnets: ['10.0.3.0'] }, /subnets/],
];

describe('a file of a network', () => {
  it('is read as it is written', () => {
    expect(read(front)).toMatchObject({ id: 'front1', name: 'front', internal: false });
    expect(networkNamesSchema.safeParse(front).success).toBe(true);
  });

  it.each(wrong)('is refused with %s', (what, change, why) => {
    const value = { ...front, ...change } as NetworkNames;
    expect(() => read(value)).toThrow(why);
    if (what !== 'another network') expect(networkNamesSchema.safeParse(value).success).toBe(false);
  });

  it('may say what this version does not know', () => {
    expect(read({ ...front, later: { a: 1 } }).names.get('web')).toEqual({ v4: ['10.0.3.2'], v6: [] });
  });

  it('of a later version is left alone', () => {
    expect(() => read({ ...front, v: 2 })).toThrow('version 2, and this build reads 1');
    expect(() => read({ ...front, v: 'x' })).toThrow('v');
  });

  it.each(['', '{', '{"v":1', '[]', 'null', '7'])('that is half there is refused: %j', (text) => {
    expect(() => run(readNetwork(text, 'front1'))).toThrow();
  });

  it('with the names that JavaScript has its own use for is read like any', () => {
    const text = JSON.stringify(front).replace(
      '"Web"',
      '"__proto__":["10.0.3.3"],"constructor":["10.0.3.4"],"Web"',
    );
    const { names } = run(readNetwork(text, 'front1'));
    expect([names.get('__proto__')?.v4, names.get('constructor')?.v4]).toEqual([['10.0.3.3'], ['10.0.3.4']]);
  });

  it('takes many steps when it is long', () => {
    const names = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`s${n}`, ['10.0.3.2']]));
    const steps = readNetwork(JSON.stringify({ ...front, names }), 'front1');
    let count = 0;
    while (!steps.next().done) count += 1;
    expect(count).toBeGreaterThan(15);
  });
});

describe('the file of who asks', () => {
  it('is read as it is written, addresses in one way', () => {
    expect(askersSchema.safeParse(askers).success).toBe(true);
    expect(run(readAskers(JSON.stringify(askers))).get('fd00:3::6')).toMatchObject({ networks: ['front1'] });
  });

  it.each([{ askers: { web: { networks: [] } } }, { askers: { '10.0.3.7': {} } }, { askers: [] }, {}])(
    'is refused otherwise: %j',
    (value) => {
      expect(() => run(readAskers(JSON.stringify({ v: 1, ...value })))).toThrow();
    },
  );
});
