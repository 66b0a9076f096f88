export { Roster } from './nodes/roster.ts';
export type { Branch } from './nodes/trees.ts';
export { countInBranches } from './placing/forks.ts';
export * from './scheduler.ts';
