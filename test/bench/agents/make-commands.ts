// The commands that a dispatcher would write for tasks spread over nodes.
import { encodeCommand, type TaskCommand } from '@muster/events';
import { deriveServiceId, nameTask, type ServiceSpec } from '@muster/model';
import { readSpec } from '../read-spec.ts';

export interface Load {
  readonly nodeIds: readonly string[];
  readonly tasksPerNode: number;
  /** Tasks of one node that follow one another. */
  readonly together: number;
  readonly services: number;
}

export interface PlannedCommand {
  readonly nodeId: string;
  readonly taskId: string;
  readonly data: Uint8Array;
}

export function* makeCommands({
  nodeIds,
  tasksPerNode,
  together,
  services,
}: Load): Generator<PlannedCommand> {
  const made = Array.from({ length: services }, (_, index) => makeService(index));
  let count = 0;
  for (let given = 0; given < tasksPerNode; given += together) {
    const service = made[(given / together) % services]!;
    for (const nodeId of nodeIds) {
      for (let one = given; one < Math.min(given + together, tasksPerNode); one += 1) {
        count += 1;
        // As long as a real id, without the price of deriving it.
        const taskId = count.toString(36).padStart(25, '0');
        const command: TaskCommand = {
          v: 1,
          type: 'task',
          basis: 1 + given,
          desired: 'running',
          task: {
            id: taskId,
            name: nameTask(service.spec.name, count, taskId),
            slot: count,
            service: { id: service.id, name: service.spec.name, labels: service.spec.labels },
            spec: service.spec.taskTemplate,
            ports: service.ports,
          },
        };
        yield { nodeId, taskId, data: encodeCommand(command) };
      }
    }
  }
}

function makeService(index: number): { id: string; spec: ServiceSpec; ports: [] } {
  const name = `load${index}`;
  const body = { image: 'example/app:1', env: { MODE: 'load', INDEX: String(index) }, replicas: 1 };
  return { id: deriveServiceId(name, index), spec: readSpec(body, name), ports: [] };
}
