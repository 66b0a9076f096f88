export * from './commands/command-writer.ts';
export * from './dispatcher.ts';
export * from './start-dispatcher.ts';
