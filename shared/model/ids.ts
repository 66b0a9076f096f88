// Ids are derived, never drawn: the same decision repeated has the same id.
import { sha256 } from '@muster/digests';
import { DEFAULT_TEAM, nameWithTeam } from './team.ts';

const ID_LENGTH = 25;

/** 25 characters of base36, as Docker's ids, of the SHA-256 of the parts joined by NUL. */
export function deriveId(...parts: readonly (string | number)[]): string {
  const digest = sha256(parts.join('\0')).slice(0, 34);
  return BigInt(`0x${digest}`).toString(36).padStart(ID_LENGTH, '0').slice(-ID_LENGTH);
}

/** Whose an object is. The cluster's id keeps two clusters from giving one id twice; a log that is older than such ids has none. */
interface Owner {
  readonly clusterId?: string | undefined;
  readonly team?: string | undefined;
}

export function deriveServiceId(name: string, intentSeq: number, of: Owner = {}): string {
  return deriveObjectId('service', name, intentSeq, of);
}

export function deriveNetworkId(name: string, intentSeq: number, of: Owner = {}): string {
  return deriveObjectId('network', name, intentSeq, of);
}

/** An object is named by the intent that created it: a name used again is another object. */
function deriveObjectId(kind: string, name: string, intentSeq: number, of: Owner): string {
  const { clusterId, team = DEFAULT_TEAM } = of;
  const ofCluster = clusterId === undefined ? [] : [clusterId];
  return deriveId(kind, ...ofCluster, nameWithTeam({ team, name }), intentSeq);
}

/** `generation` counts the tasks a slot has had, from 1. */
export function deriveTaskId(serviceId: string, slot: number, generation: number): string {
  return deriveId('task', serviceId, slot, generation);
}

/** SwarmKit's task name: `service.slot.taskid`, or `service.nodeid.taskid` in a global service (api/naming/naming.go). */
export function nameTask(serviceName: string, place: number | string, taskId: string): string {
  return `${serviceName}.${place}.${taskId}`;
}

/** Ids and names that stand as one token of a subject. */
export const idPattern = /^[0-9a-z]{25}$/;
