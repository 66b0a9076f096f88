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
  readonly [kind: string]: {
    readonly chain?: string;
    readonly handle?: number;
    readonly elem?: readonly unknown[];
  };
}

/** Without what changes by itself: handles, and the order of a set's elements. */
async function readFingerprint(netns: Netns, name: string): Promise<string | undefined> {
  const { code, stdout } = await run(netns, ['nft', '-j', 'list', 'table', 'ip', name]);
  if (code !== 0) return undefined;
  const listed: Listed[] = JSON.parse(stdout).nftables;
  const objects = listed.flatMap((object) =>
    Object.entries(object).map(([kind, { handle: _, elem, ...rest }]) =>
      JSON.stringify([kind, rest, (elem ?? []).map((one) => JSON.stringify(one)).sort()]),
    ),
  );
  // The order of rules counts, of a chain's among themselves alone; the kernel keeps it in the list.
  const rules = objects.filter((one) => one.startsWith('["rule"'));
  const others = objects.filter((one) => !one.startsWith('["rule"')).sort();
  return sha256([...others, ...rules].join('\n'));
}
