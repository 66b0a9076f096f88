// Who judges what. Every kind and verb of the catalogue has its judge here, or this doesn't compile.
import type { IntentBody, IntentName } from '@muster/events';
import { updateCluster } from './cluster.ts';
import type { Judge } from './judge.ts';
import { createNetwork, removeNetwork } from './network.ts';
import { removeNode, updateNode } from './node.ts';
import {
  applyService,
  createService,
  removeService,
  rollBackService,
  scaleService,
  updateService,
} from './service.ts';

type Judges = { readonly [Name in IntentName]: Judge<IntentBody<Name>> };

export const judges: Judges = {
  'service.apply': applyService,
  'service.create': createService,
  'service.update': updateService,
  'service.scale': scaleService,
  'service.remove': removeService,
  'service.rollback': rollBackService,
  'node.update': updateNode,
  'node.remove': removeNode,
  'network.create': createNetwork,
  'network.remove': removeNetwork,
  'cluster.update': updateCluster,
};
