// The network that published ports are reached through. A service is on it by what it publishes, and never by name.
import type { ServiceSpec } from '../spec/service-spec.ts';
import { type NetworkSpec, networkSpecSchema } from './network-spec.ts';

/** As Docker calls the one that nobody has asked for. */
const INGRESS = 'ingress';

/** What is made where nobody has made one of his own. */
export function describeIngress(): NetworkSpec {
  return networkSpecSchema.parse({ name: INGRESS, ingress: true });
}

export function usesIngress({ endpointSpec }: Pick<ServiceSpec, 'endpointSpec'>): boolean {
  return endpointSpec.ports.some(({ publishMode }) => publishMode === 'ingress');
}
