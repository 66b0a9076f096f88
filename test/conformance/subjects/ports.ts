// What becomes of the ports a service holds when its spec changes.
import { keepHeldPorts } from '@muster/allocator';
import { type Port, portSchema } from '@muster/model';
import type { Subject } from '../subject.ts';

export const portReconcile: Subject = {
  start: () => (row) => {
    const kept = keepHeldPorts(readPorts(row.spec), readPorts(row.allocated));
    return kept.map(({ publishMode: _, ...port }) => port);
  },
};

function readPorts(rows: unknown): Port[] {
  return ((rows ?? []) as unknown[]).map((row) => portSchema.parse(row));
}
