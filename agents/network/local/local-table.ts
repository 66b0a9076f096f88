// The rules by which the other hosts of a machine get out of it: under its address, and past a firewall that drops what it doesn't
// know.
import { PASS_MARK } from '../rules/host-table.ts';
import type { Table } from '../rules/table.ts';
import type { LocalNames } from './local-names.ts';

export function writeLocalTable({ table, link }: Pick<LocalNames, 'table' | 'link'>): Table {
  const pass = `meta mark set meta mark or ${PASS_MARK}`;
  return {
    family: 'ip',
    name: table,
    collections: new Map(),
    chains: new Map([
      [
        'leave',
        {
          hook: 'type nat hook postrouting priority srcnat',
          rules: [`iifname "${link}" oifname != "${link}" masquerade`],
        },
      ],
      [
        'pass',
        {
          hook: 'type filter hook forward priority filter - 5',
          rules: [
            `iifname "${link}" ct state established,related ${pass}`,
            // Into a bridge only where its owner lets anybody in.
            `iifname "${link}" meta oifkind != "bridge" ${pass}`,
            `oifname "${link}" ct state established,related ${pass}`,
          ],
        },
      ],
    ]),
  };
}
