// The tree that placement preferences make of the nodes, and the tasks that are counted in each of its branches.
import { type Branch, countInBranches, Roster } from '@muster/scheduler';
import { assign, createService, createTasks, joinReadyNode, startHistory } from '@muster/testing';
import type { Row, Subject } from '../subject.ts';

interface NodeRow {
  readonly id: string;
  readonly labels: Record<string, string>;
  readonly engineLabels?: Record<string, string>;
  readonly tasks: number;
}

export const spreadTree: Subject = { start: () => countTasks };

function countTasks(row: Row): Record<string, number> {
  const history = startHistory();
  const { state } = history;
  const service = createService(history, 'web');
  for (const { id, labels, engineLabels = {}, tasks } of row.nodes as NodeRow[]) {
    joinReadyNode(history, id, {
      labels,
      engine: { backend: 'simulator', version: '1', labels: engineLabels },
    });
    if (tasks > 0) assign(history, id, ...createTasks(history, service, tasks));
  }
  const roster = new Roster((id) => id);
  for (const node of state.nodes.values()) roster.follow(node);
  roster.lineUp();
  const preferences = (row.preferences as string[]).map((spreadDescriptor) => ({
    spread: { spreadDescriptor },
  }));
  const tree = roster.trees.find(preferences, () => undefined);
  if (!tree) return {};
  const counts = countInBranches(tree, roster, service, () => undefined);
  return Object.fromEntries(
    nameBranches(tree.root, []).map(([name, branch]) => [name, counts.get(branch) ?? 0]),
  );
}

function nameBranches(branch: Branch, path: readonly string[]): (readonly [string, Branch])[] {
  const below = [...branch.children].flatMap(([value, child]) =>
    nameBranches(child, [...path, value === '' ? '(none)' : value]),
  );
  return [[path.join('/'), branch], ...below];
}
