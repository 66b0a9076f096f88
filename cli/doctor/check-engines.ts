// What runs the tasks of the nodes, and agents that say they can't work. Pure.
import type { CopyStats, RoleStats } from '@muster/telemetry';
import type { Finding } from './findings.ts';

/** Named, at most. */
const MOST_NAMED = 10;

/** Of a node as the cluster knows it. */
export interface NodeEngine {
  readonly backend: string;
  readonly engineVersion: string;
}

/** How an agent's trouble with its engine begins: the name of the check. */
const ENGINE = 'engine: ';

/** `agents` are those that answered: one that is gone is seen by its node. */
export function checkEngines(nodes: readonly NodeEngine[], agents: readonly CopyStats[]): Finding[] {
  const told = agents.flatMap(({ host, roles }) => roles.map((role) => ({ host, ...role })));
  const ill = told.filter(({ trouble }) => trouble !== undefined);
  const level = ill.length === told.length ? 'fail' : 'warn';
  const findings = ill
    .slice(0, MOST_NAMED)
    .map((agent): Finding => ({ level, ...describeTrouble(nameAgent(agent), agent.trouble!) }));
  if (ill.length > MOST_NAMED) {
    findings.push({ level, what: 'agents', says: `${ill.length - MOST_NAMED} more are not ready` });
  }
  if (nodes.length === 0) return findings;
  return [{ level: 'ok', what: 'engines', says: countEngines(nodes) }, ...findings];
}

/** How an agent says that its node was removed. */
const REMOVED = /^joined: (node \S+) was removed from the cluster$/;

function describeTrouble(agent: string, trouble: string): Omit<Finding, 'level'> {
  const removed = REMOVED.exec(trouble)?.[1];
  if (removed !== undefined) {
    return {
      what: 'agents',
      says: `${agent} is still there, though its ${removed} was removed: it has ended what it ran`,
      advice: 'stop it; or start it again, and it joins as a new node',
    };
  }
  if (!trouble.startsWith(ENGINE)) {
    const advice = 'look at the log of that agent';
    return { what: 'agents', says: `${agent} is not ready: ${trouble}`, advice };
  }
  return {
    what: 'engines',
    says: `${agent} has no engine that it can use: ${trouble.slice(ENGINE.length)}`,
    advice: 'its tasks keep their state until the engine answers; what is new goes elsewhere',
  };
}

function nameAgent({ host, copy }: RoleStats & { readonly host: string }): string {
  return copy === host ? `the agent of ${copy}` : `the agent of ${copy} on ${host}`;
}

function countEngines(nodes: readonly NodeEngine[]): string {
  const counts = new Map<string, number>();
  for (const { backend, engineVersion } of nodes) {
    const name = `${backend} ${engineVersion}`;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} on ${count}`)
    .join(', ');
}
