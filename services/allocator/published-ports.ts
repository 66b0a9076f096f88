// Whether the change of a service may have given ports back, for which others wait.
import type { Service } from '@muster/state';

export interface PublishedPorts {
  /** Called with every service that changed; undefined once it is gone. */
  follow(serviceId: string, service: Service | undefined): boolean;
}

interface Known {
  readonly versionSeq: number;
  readonly allocated: boolean;
}

export function createPublishedPorts(): PublishedPorts {
  const byService = new Map<string, Known>();

  return {
    follow(serviceId, service) {
      const before = byService.get(serviceId);
      if (!service || service.removed) return byService.delete(serviceId);
      const { seq: versionSeq, ports } = service.version;
      const allocated = ports !== undefined;
      if (before?.versionSeq === versionSeq && before.allocated === allocated) return false;
      byService.set(serviceId, { versionSeq, allocated });
      return true;
    },
  };
}
