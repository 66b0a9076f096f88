export * from './duration.ts';
export * from './ids.ts';
export * from './node.ts';
export * from './quantity.ts';
export * from './refusal.ts';
export * from './service-spec.ts';
export * from './task-state.ts';
