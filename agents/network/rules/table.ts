// A table of nftables as data, as text, and the change from one to another as one transaction.

export interface Chain {
  /** Where packets come in: `type nat hook prerouting priority dstnat`. Without it, only from other chains. */
  readonly hook?: string;
  readonly rules: readonly string[];
}

export type TableName = Pick<Table, 'family' | 'name'>;

/** A set, or a map where elements have values. */
export interface Collection {
  /** `set { type ipv4_addr; flags interval; }` without the braces. */
  readonly type: string;
  /** Key to value; of a set, to ''. */
  readonly elements: ReadonlyMap<string, string>;
}

export interface Table {
  readonly family: 'ip' | 'ip6';
  readonly name: string;
  readonly collections: ReadonlyMap<string, Collection>;
  readonly chains: ReadonlyMap<string, Chain>;
  /** Counters by name, which rules may count by. */
  readonly counters?: readonly string[];
}

/** One for each family of addresses. */
export interface Tables {
  readonly routerTables: readonly Table[];
  readonly hostTables: readonly Table[];
}

export function setOf(type: string, elements: Iterable<string>): Collection {
  return { type, elements: new Map([...elements].map((element) => [element, ''])) };
}

export function mapOf(type: string, elements: Iterable<readonly [string, string]>): Collection {
  return { type, elements: new Map(elements) };
}

/** The whole table in place of whatever there is by its name, at once. */
export function renderTable(table: Table): string {
  const { family, name } = table;
  return [...renderRemoval(table), `add table ${family} ${name}`, ...changeLines(nothing, table)].join('\n');
}

/** Nothing where they are the same. */
export function renderChange(before: Table, after: Table): string {
  return changeLines(before, after).join('\n');
}

/** Also where it isn't. */
export function renderRemoval({ family, name }: TableName): string[] {
  return [`add table ${family} ${name}`, `delete table ${family} ${name}`];
}

const nothing: Omit<Table, keyof TableName> = { collections: new Map(), chains: new Map() };

/** How many rules and elements there are. */
export function countRules({ chains, collections }: Table): number {
  let sum = 0;
  for (const { rules } of chains.values()) sum += rules.length;
  for (const { elements } of collections.values()) sum += elements.size;
  return sum;
}

function changeLines(before: Omit<Table, keyof TableName>, after: Table): string[] {
  const at = `${after.family} ${after.name}`;
  const collectionNames = [...new Set([...before.collections.keys(), ...after.collections.keys()])];
  const elements = collectionNames.map((name) => ({
    name,
    is: before.collections.get(name)?.elements ?? new Map<string, string>(),
    should: after.collections.get(name)?.elements ?? new Map<string, string>(),
  }));
  const { counters: counted = [] } = before;
  const changed = [...after.chains].filter(
    ([name, { rules }]) => !isSame(before.chains.get(name)?.rules ?? [], rules),
  );
  return [
    ...(after.counters ?? [])
      .filter((name) => !counted.includes(name))
      .map((name) => `add counter ${at} ${name}`),
    ...[...after.chains]
      .filter(([name]) => !before.chains.has(name))
      .map(([name, { hook }]) => `add chain ${at} ${name}${hook === undefined ? '' : ` { ${hook}; }`}`),
    ...[...after.collections]
      .filter(([name]) => !before.collections.has(name))
      .map(([name, { type }]) => `add ${declare(name, type, at)}`),
    // A chain that an element leads to can't go before the element, nor an element come before the chain.
    ...elements.flatMap(({ name, is, should }) => sayElements('delete', at, name, lacking(is, should))),
    ...changed.flatMap(([name, { rules }]) => [
      ...((before.chains.get(name)?.rules.length ?? 0) > 0 ? [`flush chain ${at} ${name}`] : []),
      ...rules.map((rule) => `add rule ${at} ${name} ${rule}`),
    ]),
    ...elements.flatMap(({ name, is, should }) => sayElements('add', at, name, lacking(should, is))),
    ...[...before.chains.keys()]
      .filter((name) => !after.chains.has(name))
      .flatMap((name) => [`flush chain ${at} ${name}`, `delete chain ${at} ${name}`]),
  ];
}

function declare(name: string, type: string, at: string): string {
  const [kind, ...rest] = type.split(' ');
  return `${kind} ${at} ${name} { ${rest.join(' ')}; }`;
}

/** What one has and the other has not, or otherwise. */
function lacking(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): string[] {
  return [...one]
    .filter(([key, value]) => other.get(key) !== value)
    .map(([key, value]) => (value ? `${key} : ${value}` : key));
}

function sayElements(verb: string, at: string, name: string, elements: readonly string[]): string[] {
  return elements.length === 0 ? [] : [`${verb} element ${at} ${name} { ${elements.join(', ')} }`];
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((line, index) => line === other[index]);
}
