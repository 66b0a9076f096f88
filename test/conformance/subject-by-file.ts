// Which subject a file of vectors is about, by its name.
import type { Subject } from './subject.ts';
import { constraintMatch, constraintNode, constraintParse } from './subjects/constraints.ts';
import { faultyNode } from './subjects/faulty-node.ts';
import { dirtyTask, reaperHistory, reaperInit, restartPolicy, scaleDown } from './subjects/orchestration.ts';
import { portConflicts } from './subjects/port-conflicts.ts';
import { portReconcile } from './subjects/ports.ts';
import { schedule } from './subjects/schedule.ts';
import { defaults, taskStates, validation } from './subjects/specs.ts';
import { spreadTree } from './subjects/spread-tree.ts';
import { statusCounts } from './subjects/status-counts.ts';
import { templateExpansion } from './subjects/templates.ts';

export const subjectByFile: ReadonlyMap<string, Subject> = new Map([
  ['constraint-match.json', constraintMatch],
  ['constraint-node.json', constraintNode],
  ['constraint-parse.json', constraintParse],
  ['defaults.json', defaults],
  ['dirty-task.json', dirtyTask],
  ['faulty-node.json', faultyNode],
  ['port-conflicts.json', portConflicts],
  ['port-reconcile.json', portReconcile],
  ['reaper-history.json', reaperHistory],
  ['reaper-init.json', reaperInit],
  ['restart-policy.json', restartPolicy],
  ['scale-down.json', scaleDown],
  ['schedule.json', schedule],
  ['spread-tree.json', spreadTree],
  ['status-counts.json', statusCounts],
  ['task-states.json', taskStates],
  ['template-expansion.json', templateExpansion],
  ['validation.json', validation],
]);
