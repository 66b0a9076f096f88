// Whose something is: shown where anything is of another team than the default one, and nowhere else. Pure.
import type { Column, Item } from './list.ts';

export function showTeams(columns: readonly Column[], items: readonly Item[]): readonly Column[] {
  if (!items.some(({ Team }) => Team !== '')) return columns;
  const after = columns.findIndex(({ field }) => field === 'Name') + 1;
  return [...columns.slice(0, after), { field: 'Team', header: 'TEAM' }, ...columns.slice(after)];
}
