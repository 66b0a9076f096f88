export { countInBranches } from './forks.ts';
export { Roster } from './roster.ts';
export * from './scheduler.ts';
export type { Branch } from './trees.ts';
