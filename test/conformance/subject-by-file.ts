// Which subject a file of vectors is about, by its name.
import type { Subject } from './subject.ts';
import { constraintMatch, constraintNode, constraintParse } from './subjects/constraints.ts';
import { faultyNode } from './subjects/faulty-node.ts';
import { portReconcile } from './subjects/ports.ts';
import { schedule } from './subjects/schedule.ts';

export const subjectByFile: ReadonlyMap<string, Subject> = new Map([
  ['constraint-match.json', constraintMatch],
  ['constraint-node.json', constraintNode],
  ['constraint-parse.json', constraintParse],
  ['faulty-node.json', faultyNode],
  ['port-reconcile.json', portReconcile],
  ['schedule.json', schedule],
]);
