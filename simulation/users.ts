// What users ask of a cluster in a run of chaos: services of every kind there is, what is wanted of nodes, and now and then
// nonsense.
import { encodeJson } from '@muster/events';
import { DEFAULT_TEAM, readNameWithTeam } from '@muster/model';
import { type SimulatedCluster, zones } from './simulated-cluster.ts';

/** One of them in two teams. */
const names = ['web', 'api', 'db', 'queue', 'blue/web', 'log'];
/** Those of them that are to have a task on every node. */
const globals: readonly string[] = ['log'];
// biome-ignore format: as often as they stand here
const verbs = ['apply', 'apply', 'apply', 'scale', 'scale', 'scale', 'update', 'tweak', 'tweak', 'rollback', 'rollback', 'remove', 'mumble', 'node', 'node', 'node', 'network', 'network'] as const;

export async function askSomething(cluster: SimulatedCluster): Promise<void> {
  const { chance } = cluster;
  const name = chance.pick(names);
  const verb = chance.pick(verbs);
  switch (verb) {
    case 'remove':
    case 'rollback':
      return cluster.intend(verb, name);
    case 'scale':
      return cluster.intend('scale', name, { replicas: chance.happens(0.03) ? 60 : chance.between(0, 6) });
    case 'tweak':
      return tweak(cluster, name);
    case 'mumble':
      return mumble(cluster, name);
    case 'node':
      return askOfNode(cluster);
    case 'network':
      return askOfNetwork(cluster);
    default:
      return cluster.intend(verb, name, describeService(cluster, name));
  }
}

function describeService(cluster: SimulatedCluster, name: string): Record<string, unknown> {
  const { chance } = cluster;
  const port = chance.pick([undefined, undefined, undefined, 0, 8000 + names.indexOf(name)]);
  return {
    image: `${name}:${chance.between(1, 3)}`,
    ...(globals.includes(name) ? { mode: 'global' } : { replicas: chance.between(1, 5) }),
    restart: {
      condition: chance.pick(['any', 'any', 'any', 'on-failure', 'none']),
      delay: chance.pick([0, '1s', '5s']),
      maxAttempts: chance.pick([0, 0, 0, 1, 3]),
      window: chance.pick([0, 0, '20s']),
    },
    // What starts badly comes to run in the end: every try has its own luck.
    env: chance.happens(0.3) ? ['SIM_FAIL=0.6'] : [],
    ...describeUpdates(cluster),
    resources: { reservations: { cpus: chance.pick([0, 0.05, 0.1]) } },
    placement: {
      constraints: chance.pick([
        [],
        [],
        [],
        ['node.role==worker'],
        [`node.labels.zone==${chance.pick(zones)}`],
        ['node.labels.zone!=nowhere'],
      ]),
      maxReplicas: chance.pick([0, 0, 0, 1, 3]),
    },
    ...(port !== undefined && { ports: [{ target: 80, published: port, mode: 'host' }] }),
    ...describeNetworks(cluster, name),
  };
}

/** The second has so few addresses that they run out; the third is in the way of the second. */
const networks = {
  front: {},
  back: { ipam: { configs: [{ subnet: '10.9.0.0/29' }] } },
  wide: { ipam: { configs: [{ subnet: '10.9.0.0/16', ipRange: '10.9.1.0/24' }] } },
};

/** Of those that its team has, as a rule. */
function describeNetworks({ chance, observer }: SimulatedCluster, of: string): Record<string, unknown> {
  const { state } = observer;
  if (state.wireVersion < 2 || chance.happens(0.4)) return {};
  const own = readNameWithTeam(of, DEFAULT_TEAM).team;
  const names = [...state.networkByName.values()].flatMap(({ team, spec }) =>
    team === own ? spec.name : [],
  );
  if (chance.happens(0.05)) names.push('nowhere');
  return {
    networks: names.filter(() => chance.happens(0.6)),
    ...(chance.happens(0.2) && { endpointMode: 'dnsrr' }),
  };
}

function askOfNetwork({ chance, observer, intendNetwork }: SimulatedCluster): Promise<void> {
  const name = chance.pick(Object.keys(networks) as (keyof typeof networks)[]);
  const isThere = observer.state.networkByName.has(DEFAULT_TEAM, name);
  // Mostly what makes sense.
  const verb = isThere === chance.happens(0.9) ? 'remove' : 'create';
  return intendNetwork(verb, name, verb === 'create' ? networks[name] : {});
}

function describeUpdates({ chance, observer }: SimulatedCluster): Record<string, unknown> {
  const pace = () => ({
    order: chance.pick(['stop-first', 'start-first']),
    parallelism: chance.between(0, 2),
    delay: chance.pick([0, '2s']),
  });
  if (observer.state.wireVersion < 2) return { update: pace() };
  const watch = (actions: readonly string[]) => ({
    ...pace(),
    failureAction: chance.pick(actions),
    monitor: chance.pick([0, '1s', '5s']),
    maxFailureRatio: chance.pick([0, 0, 0.3, 0.5, 1]),
  });
  return {
    update: watch(['pause', 'continue', 'rollback', 'rollback']),
    rollback: watch(['pause', 'continue']),
  };
}

/** One thing of the spec as it is, which may spare the tasks that run. */
async function tweak({ chance, observer, intend }: SimulatedCluster, name: string): Promise<void> {
  const named = readNameWithTeam(name, DEFAULT_TEAM);
  const spec = observer.state.serviceByName.get(named.team, named.name)?.spec;
  if (!spec) return;
  const { taskTemplate, updateConfig } = spec;
  if (chance.happens(0.3)) {
    return intend('apply', name, {
      ...spec,
      updateConfig: { ...updateConfig, delay: chance.pick([0, '2s']) },
    });
  }
  const zone = chance.pick([...zones, 'nowhere']);
  const constraints = chance.pick([[], [`node.labels.zone==${zone}`], [`node.labels.zone!=${zone}`]]);
  const placement = { ...taskTemplate.placement, constraints };
  return intend('apply', name, { ...spec, taskTemplate: { ...taskTemplate, placement } });
}

/** A drained node is active again more often than not, so that something runs. */
function askOfNode(cluster: SimulatedCluster): Promise<void> {
  const { chance, nodes, intendNode } = cluster;
  const seat = chance.pick(nodes);
  if (chance.happens(0.15)) return intendNode('remove', seat, { force: chance.happens(0.6) });
  return intendNode(
    'update',
    seat,
    chance.pick([
      { availability: 'active' },
      { availability: 'active' },
      { availability: 'active' },
      { availability: 'drain' },
      { availability: 'pause' },
      { addLabels: { zone: chance.pick([...zones, 'nowhere']) } },
      { removeLabels: ['zone'] },
      { role: chance.pick(['worker', 'manager']) },
    ]),
  );
}

/** Refused, whatever it is; and nothing else waits for it. */
async function mumble(cluster: SimulatedCluster, name: string): Promise<void> {
  const { chance } = cluster;
  const [subject, body] = chance.pick([
    [`muster.intent.ana.service.apply.${name}`, '{"image":'],
    [`muster.intent.ana.service.apply.${name}`, '{"image":"x","replicas":"many"}'],
    ['muster.intent.ana.service.apply', '{}'],
    [`muster.intent.ana.pod.apply.${name}`, '{}'],
    ['muster.intent.ana', ''],
    [`muster.intent.ana.service.scale.${name}`, '[[[['],
  ] as const);
  await cluster.publish(subject, body === '{}' ? encodeJson({}) : new TextEncoder().encode(body));
}
