export * from './dispatcher.ts';
export * from './start-dispatcher.ts';
