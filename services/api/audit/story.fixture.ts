// A service with tasks, made of the events that reducers and agents would have written. For the tests here.
import type { ServiceSpec } from '@muster/model';
import { deriveServiceId, deriveTaskId, normaliseServiceSpec } from '@muster/model';
import { assign, type History, report } from '@muster/testing';

export function specOf(body: Record<string, unknown>, name: string): ServiceSpec {
  const normalised = normaliseServiceSpec(body, name);
  if (!normalised.ok) throw new Error(normalised.refusal.message);
  return normalised.spec;
}

/** Asked for, accepted, created, allocated; on node n1 and running as far as told. */
export function runService(
  history: History,
  name: string,
  {
    replicas,
    running,
    team,
  }: { readonly replicas: number; readonly running: number; readonly team?: string },
): { readonly id: string; readonly intent: number; readonly tasks: readonly string[] } {
  const body = { image: 'nginx', replicas };
  const ofTeam = team === undefined ? {} : { team };
  const intent = history.intend('create', name, body, ofTeam);
  const id = deriveServiceId(name, intent, ofTeam);
  history.append({
    type: 'service.created',
    cause: intent,
    serviceId: id,
    actor: 'ana',
    ...ofTeam,
    spec: specOf(body, name),
  });
  const specVersion = history.state.head;
  const slots = Array.from({ length: replicas }, (_, index) => index + 1);
  const created = slots.map((slot) => ({ id: deriveTaskId(id, slot, 1), slot }));
  if (created.length > 0) {
    history.append({
      type: 'service.reconciled',
      cause: specVersion,
      serviceId: id,
      specVersion,
      created,
      why: [`scale up to ${replicas} replicas: ${replicas} tasks created`],
    });
  }
  history.append({ type: 'service.allocated', cause: specVersion, serviceId: id, specVersion, ports: [] });
  const tasks = created.map((task) => task.id);
  if (history.state.nodes.has('n1') && tasks.length > 0) {
    assign(history, 'n1', ...tasks);
    if (running > 0)
      report(
        history,
        'n1',
        ...tasks.slice(0, running).map((task) => ({ id: task, state: 'running' as const })),
      );
  }
  return { id, intent, tasks };
}
