// Intents about nodes. A node is known by its id, or by its hostname where no other has the same.
import type { IntentBody, IntentFact } from '@muster/events';
import { DEFAULT_TEAM, equalJson, type NodeSpec } from '@muster/model';
import type { ClusterNode, ClusterState } from '@muster/state';
import { checkVersion, type Refused, refusal, satisfied, type Verdict } from './judge.ts';

export function updateNode(
  state: ClusterState,
  intent: IntentFact,
  change: IntentBody<'node.update'>,
): Verdict {
  const node = findNode(state, intent);
  if ('refusal' in node) return node;
  const stale = checkVersion('node', node, change.version);
  if (stale) return stale;
  const spec = changeSpec(node, change);
  if ('refusal' in spec) return spec;
  if (equalJson(spec, node.spec)) return satisfied(intent, `node ${node.description.hostname} is so already`);
  const { seq: cause, actor } = intent;
  return { event: { type: 'node.updated', cause, nodeId: node.id, actor, spec } };
}

/** SwarmKit (manager/controlapi/node.go, RemoveNode). */
export function removeNode(
  state: ClusterState,
  intent: IntentFact,
  body: IntentBody<'node.remove'>,
): Verdict {
  const node = findNode(state, intent);
  if ('refusal' in node) return node;
  if (node.status !== 'down' && !body?.force) {
    return refusal('conflict', `node ${node.id} is not down and can't be removed`, 'force');
  }
  return { event: { type: 'node.removed', cause: intent.seq, nodeId: node.id, actor: intent.actor } };
}

function changeSpec(
  { spec, description }: ClusterNode,
  change: IntentBody<'node.update'>,
): NodeSpec | Refused {
  const { availability = spec.availability, role = spec.role, addLabels = {}, removeLabels = [] } = change;
  const labels = new Map(Object.entries(change.labels ?? spec.labels));
  for (const label of removeLabels) {
    if (labels.delete(label)) continue;
    if (!Object.hasOwn(description.labels, label)) continue;
    const message = `label "${label}" was given to the node's agent when it was started: only the agent can take it away`;
    return refusal('conflict', message, 'removeLabels');
  }
  for (const [label, value] of Object.entries(addLabels)) labels.set(label, value);
  return { availability, role, labels: Object.fromEntries(labels) };
}

function findNode({ nodes }: ClusterState, { team, name }: IntentFact): ClusterNode | Refused {
  if (team !== DEFAULT_TEAM) return refusal('invalid', "a node is no team's", 'team');
  if (name === undefined) return refusal('invalid', 'the subject names no node', 'name');
  const known = nodes.get(name);
  if (known) return known;
  const [node, ...others] = [...nodes.values()].filter(({ description }) => description.hostname === name);
  if (!node) return refusal('not-found', `node ${name} not found`, 'name');
  if (others.length === 0) return node;
  return refusal('conflict', `node ${name} is ambiguous (${others.length + 1} matches found)`, 'name');
}
