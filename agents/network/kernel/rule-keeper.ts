// Keeps tables of rules as they should be, the same ones each time, in one transaction. What is written is remembered, so that a change is a small transaction, whatever
// else is in the table. What others have done to it is found by comparing what the kernel says with what it said after the
// last whole table: rules are not read back into what they were written from, which differs from one version of nft to the
// next. What it would say after a change is rehearsed: the whole table is written in a namespace that goes at once. A process that
// has just started writes the whole table once, at one stroke; connections are not the table's.
import { sha256 } from '@muster/digests';
import { renderChange, renderRemoval, renderTable, type Table, type TableName } from '../rules/table.ts';
import { type Netns, run, runOrFail } from './run.ts';

export class RuleKeeper {
  readonly #netns: Netns;
  #written: readonly Table[] | undefined;
  /** Undefined after a change: then nobody has looked yet. */
  #fingerprint: string | undefined;

  constructor(netns: Netns) {
    this.#netns = netns;
  }

  /** Says whether anything had to be written. */
  async write(tables: readonly Table[]): Promise<boolean> {
    const written = this.#written;
    if (written === undefined) return await this.#replace(tables);
    const changes = tables.map((table, index) => renderChange(written[index]!, table));
    const change = changes.filter((lines) => lines !== '').join('\n');
    if (change === '') return false;
    this.#fingerprint = undefined;
    const { code } = await run(this.#netns, ['nft', '-f', '-'], `${change}\n`);
    // Somebody has taken away what the change builds on.
    if (code !== 0) return await this.#replace(tables);
    this.#written = tables;
    return true;
  }

  /** The same, after a look at what is there. */
  async mend(tables: readonly Table[]): Promise<boolean> {
    if (this.#written === undefined) return await this.#replace(tables);
    this.#fingerprint ??= digest(await rehearse(this.#written));
    const isIntact = this.#fingerprint === (await readFingerprint(this.#netns, tables));
    return isIntact ? await this.write(tables) : await this.#replace(tables);
  }

  async #replace(tables: readonly Table[]): Promise<boolean> {
    this.#written = undefined;
    this.#fingerprint = undefined;
    await runOrFail(this.#netns, ['nft', '-f', '-'], `${tables.map(renderTable).join('\n')}\n`);
    this.#written = tables;
    this.#fingerprint = await readFingerprint(this.#netns, tables);
    return true;
  }
}

export async function removeTables(netns: Netns, tables: readonly TableName[]): Promise<void> {
  await runOrFail(netns, ['nft', '-f', '-'], `${tables.flatMap(renderRemoval).join('\n')}\n`);
}

/** What is there and shouldn't be so, by name; nothing where all is as it should be. */
export async function compareTables(netns: Netns, tables: readonly Table[]): Promise<string[]> {
  const [is, should] = await Promise.all([readObjects(netns, tables), rehearse(tables)]);
  if (is === undefined) return [`table ${tables[0]!.name} is missing`];
  const missing = [...should].filter(([name]) => !is.has(name)).map(([name]) => `${name} is missing`);
  const others = [...is].filter(([name]) => !should.has(name)).map(([name]) => `${name} is not ours`);
  const changed = [...should].filter(([name, text]) => is.has(name) && is.get(name) !== text);
  return [...missing, ...others, ...changed.map(([name]) => `${name} is not as it was written`)];
}

/**
 * Of all that counts: not of handles, nor of the order in which chains, sets and elements came to be. Rules keep theirs within
 * a chain.
 */
export async function readFingerprint(
  netns: Netns,
  tables: readonly TableName[],
): Promise<string | undefined> {
  const objects = await readObjects(netns, tables);
  return objects && digest(objects);
}

/** By what each is called, in full. */
type Objects = ReadonlyMap<string, string>;

function digest(objects: Objects): string {
  return sha256(
    [...objects]
      .map(([name, text]) => `${name} ${text}`)
      .sort()
      .join('\n'),
  );
}

/** Undefined where one of the tables is missing. */
async function readObjects(netns: Netns, tables: readonly TableName[]): Promise<Objects | undefined> {
  const objects = new Map<string, string>();
  for (const { family, name } of tables) {
    const { code, stdout } = await run(netns, ['nft', '-j', 'list', 'table', family, name]);
    if (code !== 0) return undefined;
    for (const [key, text] of parseObjects(stdout)) objects.set(`${family} ${key}`, text);
  }
  return objects;
}

/** What the kernel would say of the tables. */
async function rehearse(tables: readonly Table[]): Promise<Objects> {
  const list = tables.map(({ family, name }) => `nft -j list table ${family} ${name}`);
  const command = ['unshare', '--net', '--', 'sh', '-c', ['nft -f -', ...list].join(' && ')];
  const said = await runOrFail(undefined, command, `${tables.map(renderTable).join('\n')}\n`);
  const listings = said.split('\n').filter((line) => line.trim() !== '');
  return new Map(
    listings.flatMap((listing, index) =>
      [...parseObjects(listing)].map(([key, text]): [string, string] => [
        `${tables[index]!.family} ${key}`,
        text,
      ]),
    ),
  );
}

interface Listed {
  readonly chain?: string;
  readonly name?: string;
  readonly handle?: number;
  readonly elem?: readonly unknown[];
  readonly packets?: number;
  readonly bytes?: number;
}

function parseObjects(listing: string): Objects {
  const listed: Readonly<Record<string, Listed>>[] = JSON.parse(listing).nftables;
  const rules = new Map<string, number>();
  return new Map(
    listed.flatMap(Object.entries<Listed>).map(([kind, object]) => {
      const { handle: _, packets: _packets, bytes: _bytes, elem = [], ...rest } = object;
      const text = JSON.stringify([rest, elem.map((one) => JSON.stringify(one)).sort()]);
      if (kind !== 'rule') return [`${kind} ${rest.name ?? ''}`.trim(), text];
      const place = (rules.get(rest.chain!) ?? 0) + 1;
      rules.set(rest.chain!, place);
      return [`rule ${place} of chain ${rest.chain}`, text];
    }),
  );
}
