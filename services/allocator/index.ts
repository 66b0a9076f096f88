export * from './allocator.ts';
export { keepHeldPorts } from './ports.ts';
