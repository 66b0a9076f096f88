// Whether an update must replace a task: a law, as an index of the fold goes by it. Versions never change, so what two of them differ in is found once.
import {
  type ConstrainedNode,
  compileConstraints,
  equalJson,
  type NodeTest,
  type TaskSpec,
} from '@muster/model';
import type { Task, TaskVersion } from '../readonly.ts';
import type { Difference } from '../tasks/task-version.ts';

/**
 * SwarmKit's IsTaskDirty (manager/orchestrator/task.go): another placement alone (constraints, preferences, replicas on
 * one node) spares a task whose node meets the constraints. A task that is on no node is not spared: it would go by the
 * old ones. Neither is one of a version that was never allocated: only the present one is.
 */
export function isOutdated({ version, node, service }: Task): boolean {
  const current = service.version;
  if (version === current) return false;
  if (version.ports === undefined) return true;
  switch (compareVersions(version, current)) {
    case 'same':
      return false;
    case 'other placement':
      return node === undefined || !meetsConstraints(current, node);
    case 'different':
      return true;
  }
}

/** Asked again and again for every task of a service under update: each version is compared once with the present. */
function compareVersions(version: TaskVersion, current: TaskVersion): Difference {
  const { compared } = version;
  if (compared.to !== current.seq) {
    compared.difference = findDifference(version, current);
    compared.to = current.seq;
  }
  return compared.difference;
}

function findDifference(before: TaskVersion, after: TaskVersion): Difference {
  if (!servesPorts(before, after)) return 'different';
  const [was, is] = [withoutAliases(before.spec), withoutAliases(after.spec)];
  if (equalJson(was, is)) return 'same';
  return equalJson(was, { ...is, placement: was.placement }) ? 'other placement' : 'different';
}

/**
 * Where SwarmKit replaces every task for it: what is published on every node is a matter of the nodes, once a task is on the ingress
 * network. One that is there and need not be stays.
 */
function servesPorts(before: TaskVersion, after: TaskVersion): boolean {
  const isThere = after.ingress === undefined || before.ingress === after.ingress;
  const ofNode = ({ requestedPorts }: TaskVersion) =>
    requestedPorts.filter(({ publishMode }) => publishMode === 'host');
  return isThere && equalJson(ofNode(before), ofNode(after));
}

/**
 * Where SwarmKit replaces every task for it: by which names it is found on its networks is a matter of the service, as its
 * virtual addresses are.
 */
export function withoutAliases({ networks, ...spec }: TaskSpec): TaskSpec {
  if (!networks) return spec;
  return { ...spec, networks: networks.map((network) => ({ ...network, aliases: [] })) };
}

export function meetsConstraints(version: TaskVersion, node: ConstrainedNode): boolean {
  return version.spec.placement.constraints.length === 0 || testsOf(version).every((test) => test(node));
}

const compiled = new WeakMap<TaskVersion, readonly NodeTest[]>();

function testsOf(version: TaskVersion): readonly NodeTest[] {
  let tests = compiled.get(version);
  if (!tests) {
    tests = compileConstraints(version.spec.placement.constraints);
    compiled.set(version, tests);
  }
  return tests;
}
