// Services, and the versions of their specs that tasks run.
import { readStored, type Stored, serviceSpecForm } from '@muster/events';
import { DEFAULT_TEAM } from '@muster/model';
import { listClaims } from '../cluster/publishers.ts';
import { isGlobal } from '../cluster/services/global-service.ts';
import type { ServiceUpdate } from '../cluster/services/service-update.ts';
import { makeService, type ServiceFacts } from '../cluster/state.ts';
import { makeVersion, type TaskVersion } from '../cluster/tasks/task-version.ts';
import { defineKind, type StoredForm, younger } from './kind.ts';

type StoredService = Omit<
  ServiceFacts,
  'version' | 'team' | 'storedSpec' | 'spec' | 'unschedulable' | 'previousSpec' | 'update' | 'addresses'
> &
  StoredForm<'spec'> & {
    readonly versionSeq: number;
    readonly team?: string | undefined;
    readonly unschedulable?: ServiceFacts['unschedulable'];
    readonly previousSpec?: Stored;
    readonly update?: ServiceUpdate;
    readonly addresses?: ServiceFacts['addresses'];
  };

export const service = defineKind<readonly [StoredService]>({
  *list({ services }) {
    for (const { version, storedSpec, previousSpec, update, ...of } of services.values()) {
      const { id, team, createdAt, createdSeq, specSeq, updatedAt, removed, unschedulable, addresses } = of;
      const { content: spec, wire } = storedSpec;
      const facts = {
        id,
        team: team === DEFAULT_TEAM ? undefined : team,
        createdAt,
        createdSeq,
        spec,
        specSeq,
        updatedAt,
        versionSeq: version.seq,
        removed,
        unschedulable,
      };
      yield [
        {
          ...facts,
          ...younger({ wire }),
          ...(previousSpec && { previousSpec }),
          ...(update && { update }),
          ...(addresses.length > 0 && { addresses }),
        },
      ];
    }
  },
  /** Its versions come later: until then it has none. */
  restore(state, [row], link) {
    const { versionSeq, team = DEFAULT_TEAM, spec: content, wire = 1, unschedulable, ...rest } = row;
    const { previousSpec, update, addresses = [], ...facts } = rest;
    const storedSpec = { wire, content };
    const spec = readStored(serviceSpecForm, storedSpec);
    const version = { seq: versionSeq } as TaskVersion;
    const all = { ...facts, team, storedSpec, spec, unschedulable, previousSpec, update, addresses, version };
    const [, handle] = link(facts.id);
    const restored = makeService(state.tables, handle, all);
    state.tables.services.put(handle, restored);
    state.services.set(restored.id, restored);
    if (restored.removed) return;
    state.serviceByName.add(restored);
    state.publishers.set(restored.id, listClaims(restored));
    if (isGlobal(restored)) state.globalServices.add(restored);
  },
  *link({ services }) {
    for (const { id, handle } of services.values()) yield [id, handle];
  },
});

type StoredVersion = Pick<TaskVersion, 'serviceId' | 'seq'> &
  StoredForm<'spec'> & { readonly ports?: TaskVersion['ports']; readonly ingress?: string };

export const version = defineKind<readonly [StoredVersion]>({
  *list({ tables }) {
    for (const [, { serviceId, seq, storedSpec, ports, ingress }] of tables.versions) {
      const { content: spec, wire } = storedSpec;
      const facts = { serviceId, seq, spec, ports, ...younger({ wire }) };
      yield [ingress === undefined ? facts : { ...facts, ingress }];
    }
  },
  restore(state, [{ serviceId, seq, spec: content, wire = 1, ports, ingress }], link) {
    const [, handle] = link(keyOfVersion({ serviceId, seq }));
    const storedSpec = { wire, content };
    const restored = makeVersion({ handle, serviceId, seq, storedSpec, ingress, ports });
    state.tables.versions.put(handle, restored);
    const of = state.services.get(serviceId)!;
    if (of.version.seq === seq) of.version = restored;
  },
  *link({ tables }) {
    for (const [handle, of] of tables.versions) yield [keyOfVersion(of), handle];
  },
});

function keyOfVersion({ serviceId, seq }: Pick<TaskVersion, 'serviceId' | 'seq'>): string {
  return `${serviceId} ${seq}`;
}
