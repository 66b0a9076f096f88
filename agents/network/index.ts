export type { Failure } from './kernel/link-keeper.ts';
export {
  type LocalHost,
  makeLocalHosts,
  removeLocalHost,
  removeLocalHosts,
} from './local/local-hosts.ts';
export type { Connections, Figures } from './look/figures.ts';
export type { Listener } from './look/listeners.ts';
export type { Route, WayLook, WayQuestion } from './look/look-at-way.ts';
export { type Missing, whatIsMissing } from './missing.ts';
export * from './plan.ts';
export { holdPorts } from './ports/hold-ports.ts';
export type { RefusedPort } from './ports/words.ts';
export { type Report, Router, type RouterIdentity, type RouterOptions, removeRouter } from './router.ts';
