export * from './orchestrator.ts';
export { shouldRestart } from './restart.ts';
export * from './start-orchestrator.ts';
