// Which mode a service is of. Every mode of the model has its own here, or this doesn't compile.
import { modeOf, type ServiceMode } from '@muster/model';
import type { Service } from '@muster/state';
import { global } from './global.ts';
import type { Mode } from './mode.ts';
import { replicated } from './replicated.ts';

const modes: { readonly [Name in ServiceMode]: Mode } = { replicated, global };

export function modeFor({ spec }: Service): Mode {
  return modes[modeOf(spec)];
}
