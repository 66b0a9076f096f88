// Keeps a table of rules as it should be. What is written is remembered, so that a change is a small transaction, whatever
// else is in the table. What others have done to it is found by comparing what the kernel says with what it said after the
// last whole table: rules are not read back into what they were written from, which differs from one version of nft to the
// next. A process that has just started writes the whole table once, at one stroke; connections are not the table's.
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
    const isIntact =
      this.#written !== undefined &&
      this.#fingerprint !== undefined &&
      this.#fingerprint === (await readFingerprint(this.#netns, table.name));
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

interface Listed {
  readonly chain?: string;
  readonly handle?: number;
  readonly elem?: readonly unknown[];
}

/**
 * Of all that counts: not of handles, nor of the order in which chains, sets and elements came to be. Rules keep theirs within
 * a chain.
 */
export async function readFingerprint(netns: Netns, name: string): Promise<string | undefined> {
  const { code, stdout } = await run(netns, ['nft', '-j', 'list', 'table', 'ip', name]);
  if (code !== 0) return undefined;
  const listed: Readonly<Record<string, Listed>>[] = JSON.parse(stdout).nftables;
  const rules = new Map<string, number>();
  const objects = listed.flatMap(Object.entries<Listed>).map(([kind, { handle: _, elem = [], ...rest }]) => {
    const place = kind === 'rule' ? (rules.get(rest.chain!) ?? 0) : 0;
    if (kind === 'rule') rules.set(rest.chain!, place + 1);
    return JSON.stringify([kind, place, rest, elem.map((one) => JSON.stringify(one)).sort()]);
  });
  return sha256(objects.sort().join('\n'));
}
