// A list of what has a team: it is shown where anything is of another team than the default one, and nowhere else. Every
// item has a field `Team`, '' for the default one, so that a template may always ask for it. Pure.
import { type Column, type Item, type ListOptions, printList } from './list.ts';

export function printTeamList(
  items: readonly Item[],
  columns: readonly Column[],
  { headers, ...options }: ListOptions & { readonly headers?: Readonly<Record<string, string>> },
): string {
  const shown = options.format === 'json' ? items.map(hideDefault) : items;
  return printList(shown, addTeam(columns, items), { Team: 'TEAM', ...headers }, options);
}

function addTeam(columns: readonly Column[], items: readonly Item[]): readonly Column[] {
  if (items.every(({ Team }) => Team === '')) return columns;
  const after = columns.findIndex(({ field }) => field === 'Name') + 1;
  return [...columns.slice(0, after), { field: 'Team', header: 'TEAM' }, ...columns.slice(after)];
}

function hideDefault({ Team, ...item }: Item): Item {
  return Team === '' ? item : { Team, ...item };
}
