// What the resolver reads, written where it has changed.
import { removeNetworkNames, storeAskers, storeNetworkNames } from '@muster/resolver';
import type { EndpointTables } from '../endpoints/endpoint-tables.ts';
import { makeAskers, makeNames } from './make-names.ts';
import type { PlacedTask } from './make-plan.ts';

export interface NamesFolder {
  write(tasks: readonly PlacedTask[], tables: EndpointTables): Promise<void>;
}

export function createNamesFolder(folder: string): NamesFolder {
  /** As written, by network. */
  const written = new Map<string, string>();
  let askersWritten = '';
  return {
    async write(tasks, tables) {
      const all = makeNames(tasks, tables);
      for (const names of all) {
        const text = JSON.stringify(names);
        if (written.get(names.network) === text) continue;
        await storeNetworkNames(folder, names);
        written.set(names.network, text);
      }
      const askers = makeAskers(tasks);
      const text = JSON.stringify(askers);
      if (text !== askersWritten) await storeAskers(folder, askers);
      askersWritten = text;
      const current = new Set(all.map(({ network }) => network));
      for (const network of written.keys()) {
        if (current.has(network)) continue;
        await removeNetworkNames(folder, network);
        written.delete(network);
      }
    },
  };
}
