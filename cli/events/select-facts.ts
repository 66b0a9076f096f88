// Which facts `--service` and `--node` let through. Pure, but that it remembers the intents it let through, whose
// verdicts belong to them.
import { type Directory, nameOfIntent, type TaskFocus, tasksIn } from '@muster/api';
import type { Fact, MusterEvent } from '@muster/events';
import { DEFAULT_TEAM, nameWithTeam, readNameWithTeam } from '@muster/model';

export interface FactSelection {
  passes(fact: Fact, directory: Directory): boolean;
  /** Tasks that the sentence should speak of; all of them when undefined. */
  focus(fact: Fact, directory: Directory): TaskFocus | undefined;
}

/**
 * `services` are IDs or names in the team, `nodes` hostnames or IDs. With neither everything passes; with both, what
 * passes one.
 */
export function selectFacts(
  services: readonly string[],
  nodes: readonly string[],
  team: string = DEFAULT_TEAM,
): FactSelection {
  const names = new Set(services.map((text) => nameWithTeam(readNameWithTeam(text, team)).toLowerCase()));
  const hostnames = new Set(nodes.map((text) => text.toLowerCase()));
  const isNamed = (name: string) => names.has(name.toLowerCase());
  const intents = new Set<number>();
  const isService = (id: string, directory: Directory) =>
    services.includes(id) || isNamed(directory.nameService(id));
  const isNode = (id: string, directory: Directory) =>
    nodes.includes(id) || hostnames.has(directory.nameNode(id).toLowerCase());
  /** Nobody has learnt its name yet. */
  const isCreated = (event: MusterEvent) =>
    event.type === 'service.created' &&
    isNamed(nameWithTeam({ team: event.team ?? DEFAULT_TEAM, name: event.spec.name }));
  const ofService = (directory: Directory) => (taskId: string) => {
    const task = directory.tasks.get(taskId);
    return task !== undefined && isService(task.serviceId, directory);
  };

  function passes(fact: Fact, directory: Directory): boolean {
    if (services.length === 0 && nodes.length === 0) return true;
    if (fact.is === 'intent') {
      const name = nameOfIntent(fact);
      if (name === undefined || !isNamed(name)) return false;
      intents.add(fact.seq);
      return true;
    }
    if (fact.is !== 'event') return false;
    const { event } = fact;
    if ('nodeId' in event && isNode(event.nodeId, directory)) return true;
    if (event.type === 'node.joined') return hostnames.has(event.description.hostname.toLowerCase());
    if ('intent' in event) return intents.has(event.intent);
    if ('serviceId' in event) {
      return isCreated(event) || isService(event.serviceId, directory);
    }
    return services.length > 0 && tasksIn(fact).some(ofService(directory));
  }

  return {
    passes,
    focus(fact, directory) {
      // An event about a service speaks of its tasks only.
      const mixed = fact.is === 'event' && !('serviceId' in fact.event);
      return mixed && services.length > 0 && nodes.length === 0 ? ofService(directory) : undefined;
    },
  };
}
