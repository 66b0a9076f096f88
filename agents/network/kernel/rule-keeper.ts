// Keeps tables of rules as they should be, the same ones each time, in one transaction. What is written is remembered, so that a change is a small transaction, whatever
// else is in the table. What others have done to it is found by comparing what the kernel says with what it said after the
// last whole table: rules are not read back into what they were written from, which differs from one version of nft to the
// next. A process that has just started writes the whole table once, at one stroke; connections are not the table's.
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
    const isIntact =
      this.#written !== undefined &&
      this.#fingerprint !== undefined &&
      this.#fingerprint === (await readFingerprint(this.#netns, tables));
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

interface Listed {
  readonly chain?: string;
  readonly handle?: number;
  readonly elem?: readonly unknown[];
}

/**
 * Of all that counts: not of handles, nor of the order in which chains, sets and elements came to be. Rules keep theirs within
 * a chain.
 */
export async function readFingerprint(
  netns: Netns,
  tables: readonly TableName[],
): Promise<string | undefined> {
  const objects: string[] = [];
  for (const table of tables) {
    const found = await listObjects(netns, table);
    if (found === undefined) return undefined;
    objects.push(...found);
  }
  return sha256(objects.sort().join('\n'));
}

/** Undefined where there is no such table. */
async function listObjects(netns: Netns, { family, name }: TableName): Promise<string[] | undefined> {
  const { code, stdout } = await run(netns, ['nft', '-j', 'list', 'table', family, name]);
  if (code !== 0) return undefined;
  const listed: Readonly<Record<string, Listed>>[] = JSON.parse(stdout).nftables;
  const rules = new Map<string, number>();
  return listed.flatMap(Object.entries<Listed>).map(([kind, { handle: _, elem = [], ...rest }]) => {
    const place = kind === 'rule' ? (rules.get(rest.chain!) ?? 0) : 0;
    if (kind === 'rule') rules.set(rest.chain!, place + 1);
    return JSON.stringify([kind, place, rest, elem.map((one) => JSON.stringify(one)).sort()]);
  });
}
