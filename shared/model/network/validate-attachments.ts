// What is refused of a service's networks whatever networks there are. Docker's words where it has any.
import { type Refusal, refuse } from '../refusal.ts';
import type { NetworkAttachment } from './network-spec.ts';
import { isPredefined } from './predefined.ts';

/** Ours: each is an interface in every task. */
const MAX_NETWORKS = 64;
/** Ours: each is a name that every node of the network has to know. */
const MAX_ALIASES = 64;
const MAX_NAME_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;
/** The resolver's own: the tasks of a service, one by one. */
const RESERVED = 'tasks.';

export function checkAttachments(attachments: readonly NetworkAttachment[]): Refusal | undefined {
  if (attachments.length > MAX_NETWORKS)
    return refuse(
      'invalid',
      `${attachments.length} networks; at most ${MAX_NETWORKS} are allowed`,
      'networks',
    );
  for (const [index, attachment] of attachments.entries()) {
    const field = `networks.${index}`;
    const refusal =
      checkAttachedTwice(attachments, index) ??
      checkPredefined(attachments, index) ??
      checkAliases(attachment, `${field}.aliases`) ??
      checkDriverOpts(attachment, `${field}.driverOpts`);
    if (refusal) return refusal;
  }
  return undefined;
}

/** Asked again when names have become ids. */
export function checkAttachedTwice(
  attachments: readonly NetworkAttachment[],
  index: number,
): Refusal | undefined {
  const { target } = attachments[index]!;
  if (attachments.findIndex((other) => other.target === target) === index) return undefined;
  return refuse(
    'invalid',
    `service is already attached to network ${target}: name it once`,
    `networks.${index}`,
  );
}

/** Docker runs a container in its host's namespace, in one of its own without any link, or on networks. */
function checkPredefined(attachments: readonly NetworkAttachment[], index: number): Refusal | undefined {
  const { target, aliases } = attachments[index]!;
  if (!isPredefined(target)) return undefined;
  const field = `networks.${index}`;
  if (aliases.length > 0) {
    const message = 'network-scoped alias is supported only for containers in user defined networks';
    return refuse('invalid', message, `${field}.aliases`);
  }
  if (attachments.length === 1) return undefined;
  return refuse('invalid', `a service on network ${target} can be on no other`, field);
}

function checkAliases({ target, aliases }: NetworkAttachment, field: string): Refusal | undefined {
  if (aliases.length > MAX_ALIASES)
    return refuse('invalid', `${aliases.length} aliases; at most ${MAX_ALIASES} are allowed`, field);
  const seen = new Set<string>();
  for (const [index, alias] of aliases.entries()) {
    const at = `${field}.${index}`;
    if (!isHostname(alias)) return refuse('invalid', `invalid alias "${alias}": it is no name of a host`, at);
    // Names are found without regard to case.
    const folded = alias.toLowerCase();
    if (folded.startsWith(RESERVED))
      return refuse(
        'invalid',
        `invalid alias "${alias}": names that begin with "${RESERVED}" lead to the tasks of a service`,
        at,
      );
    if (seen.has(folded))
      return refuse('invalid', `duplicate alias "${alias}" on network ${target}: name it once`, at);
    seen.add(folded);
  }
  return undefined;
}

function isHostname(text: string): boolean {
  if (text.length > MAX_NAME_LENGTH) return false;
  return text
    .split('.')
    .every(
      (label) => label.length <= MAX_LABEL_LENGTH && /^[a-z0-9_](?:[-_a-z0-9]*[a-z0-9_])?$/i.test(label),
    );
}

function checkDriverOpts({ driverOpts }: NetworkAttachment, field: string): Refusal | undefined {
  const [option] = Object.keys(driverOpts);
  if (option === undefined) return undefined;
  return refuse('unsupported', `driver option "${option}" is not supported by this version of muster`, field);
}
