// Keeps a table of rules as it should be. What is written is remembered, so that a change is a small transaction, whatever
// else is in the table. What others have done to it is found by comparing what the kernel says with what it said after the
// last whole table: rules are not read back into what they were written from, which differs from one version of nft to the
// next. What it would say after a change is rehearsed: the whole table is written in a namespace that goes at once. A process that
// has just started writes the whole table once, at one stroke; connections are not the table's.
import { sha256 } from '@muster/digests';
import { renderChange, renderRemoval, renderTable, type Table } from '../rules/table.ts';
import { type Netns, run, runOrFail } from './run.ts';

export class RuleKeeper {
  readonly #netns: Netns;
  #written: Table | undefined;
  /** Undefined after a change: then nobody has looked yet. */
  #fingerprint: string | undefined;

  constructor(netns: Netns) {
    this.#netns = netns;
  }

  /** Says whether anything had to be written. */
  async write(table: Table): Promise<boolean> {
    if (this.#written === undefined) return await this.#replace(table);
    const change = renderChange(this.#written, table);
    if (change === '') return false;
    this.#fingerprint = undefined;
    const { code } = await run(this.#netns, ['nft', '-f', '-'], `${change}\n`);
    // Somebody has taken away what the change builds on.
    if (code !== 0) return await this.#replace(table);
    this.#written = table;
    return true;
  }

  /** The same, after a look at what is there. */
  async mend(table: Table): Promise<boolean> {
    if (this.#written === undefined) return await this.#replace(table);
    this.#fingerprint ??= digest(await rehearse(this.#written));
    const isIntact = this.#fingerprint === (await readFingerprint(this.#netns, table.name));
    return isIntact ? await this.write(table) : await this.#replace(table);
  }

  async #replace(table: Table): Promise<boolean> {
    this.#written = undefined;
    this.#fingerprint = undefined;
    await runOrFail(this.#netns, ['nft', '-f', '-'], `${renderTable(table)}\n`);
    this.#written = table;
    this.#fingerprint = await readFingerprint(this.#netns, table.name);
    return true;
  }
}

export async function removeTable(netns: Netns, name: string): Promise<void> {
  await runOrFail(netns, ['nft', '-f', '-'], `${renderRemoval(name).join('\n')}\n`);
}

/** What is there and shouldn't be so, by name; nothing where all is as it should be. */
export async function compareTable(netns: Netns, table: Table): Promise<string[]> {
  const [is, should] = await Promise.all([readObjects(netns, table.name), rehearse(table)]);
  if (is === undefined) return [`table ${table.name} is missing`];
  const missing = [...should].filter(([name]) => !is.has(name)).map(([name]) => `${name} is missing`);
  const others = [...is].filter(([name]) => !should.has(name)).map(([name]) => `${name} is not ours`);
  const changed = [...should].filter(([name, text]) => is.has(name) && is.get(name) !== text);
  return [...missing, ...others, ...changed.map(([name]) => `${name} is not as it was written`)];
}

/**
 * Of all that counts: not of handles, nor of the order in which chains, sets and elements came to be. Rules keep theirs within
 * a chain.
 */
export async function readFingerprint(netns: Netns, name: string): Promise<string | undefined> {
  const objects = await readObjects(netns, name);
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

async function readObjects(netns: Netns, name: string): Promise<Objects | undefined> {
  const { code, stdout } = await run(netns, ['nft', '-j', 'list', 'table', 'ip', name]);
  return code === 0 ? parseObjects(stdout) : undefined;
}

/** What the kernel would say of the table. */
async function rehearse(table: Table): Promise<Objects> {
  const script = `nft -f - && nft -j list table ip ${table.name}`;
  const command = ['unshare', '--net', '--', 'sh', '-c', script];
  return parseObjects(await runOrFail(undefined, command, `${renderTable(table)}\n`));
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
