export * from './orchestrator.ts';
export { shouldRestart } from './restart.ts';
