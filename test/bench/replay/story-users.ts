// The users of the story: they deploy everything at the beginning, and then scale, update, replace and mistype.

import type { Chance } from '@muster/simulation';
import type { ClusterState } from '@muster/state';

export interface Intent {
  readonly actor: string;
  readonly verb: string;
  readonly name: string;
  readonly body: unknown;
}

export interface Users {
  tick(state: ClusterState): Intent[];
}

/** Services deployed in one tick, until all are. */
const DEPLOYED_AT_ONCE = 25;
const INTENT_CHANCE = 0.5;
const actors = ['ana', 'ben', 'pipeline'];

export function createUsers(
  chance: Chance,
  { services, replicas }: { readonly services: number; readonly replicas: number },
): Users {
  let deployed = 0;

  const describe = (tag: number) => ({
    image: `registry.example.com/shop/web:${tag}`,
    env: { LOG_LEVEL: 'info', RELEASE: `r${tag}` },
    replicas,
    resources: { reservations: { cpus: 0.1, memory: '64m' } },
    labels: { team: 'shop' },
    update: { parallelism: 4 },
  });

  function ask(): Intent {
    const actor = chance.pick(actors);
    const name = `service-${chance.between(1, services)}`;
    switch (chance.between(0, 9)) {
      case 0:
        return { actor, name, verb: 'apply', body: describe(chance.between(1, 1_000_000)) };
      case 1:
        return { actor, name, verb: 'apply', body: { imgae: 'web' } };
      case 2:
        return { actor, name, verb: 'remove', body: {} };
      case 3:
      case 4:
        return { actor, name, verb: 'apply', body: describe(1) };
      default:
        return {
          actor,
          name,
          verb: 'scale',
          body: { replicas: chance.between(replicas - 2, replicas + 2) },
        };
    }
  }

  return {
    tick() {
      if (deployed < services) {
        return Array.from({ length: Math.min(DEPLOYED_AT_ONCE, services - deployed) }, () => {
          deployed += 1;
          return { actor: 'ana', name: `service-${deployed}`, verb: 'apply', body: describe(1) };
        });
      }
      return chance.happens(INTENT_CHANCE) ? [ask()] : [];
    },
  };
}
