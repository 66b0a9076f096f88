// The ports that services publish by number: what is never picked for anybody. Kept in step with the state by what
// changed.
import { hostPortKey, type Service } from '@muster/state';

export interface PublishedPorts {
  has(portKey: string): boolean;
  /** Called with every service that changed; undefined once it is gone. True when its ports may be others'. */
  follow(serviceId: string, service: Service | undefined): boolean;
}

interface Known {
  readonly versionSeq: number;
  readonly allocated: boolean;
  readonly keys: readonly string[];
}

export function createPublishedPorts(): PublishedPorts {
  const byService = new Map<string, Known>();
  const publishers = new Map<string, number>();

  function count(keys: readonly string[], sign: 1 | -1): void {
    for (const key of keys) {
      const sum = (publishers.get(key) ?? 0) + sign;
      if (sum === 0) publishers.delete(key);
      else publishers.set(key, sum);
    }
  }

  return {
    has: (portKey) => publishers.has(portKey),
    follow(serviceId, service) {
      const before = byService.get(serviceId);
      if (!service || service.removed) {
        count(before?.keys ?? [], -1);
        return byService.delete(serviceId);
      }
      const { seq: versionSeq, requestedPorts, ports } = service.version;
      const allocated = ports !== undefined;
      if (before?.versionSeq === versionSeq && before.allocated === allocated) return false;
      const keys = requestedPorts.filter(({ publishedPort }) => publishedPort !== 0).map(hostPortKey);
      count(before?.keys ?? [], -1);
      count(keys, 1);
      byService.set(serviceId, { versionSeq, allocated, keys });
      return true;
    },
  };
}
