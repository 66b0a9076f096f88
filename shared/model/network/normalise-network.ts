// From what a user asks of a network to one complete NetworkSpec, or to a refusal that names the field.
import { type Refusal, refuse } from '../refusal.ts';
import { explainIssue } from '../spec/normalise.ts';
import { restoreProtoKeys } from '../stored/own-keys.ts';
import { type NetworkSpec, networkSpecSchema } from './network-spec.ts';
import { validateNetworkSpec } from './validate-network.ts';

export type NormalisedNetwork =
  | { readonly ok: true; readonly spec: NetworkSpec }
  | { readonly ok: false; readonly refusal: Refusal };

/** `name` comes from the subject; a body that names another network is refused. No body at all leaves all to the defaults. */
export function normaliseNetworkSpec(body: unknown, name: string | undefined): NormalisedNetwork {
  const given = body ?? {};
  if (typeof given !== 'object' || Array.isArray(given))
    return refused(refuse('invalid', 'a network is described by a JSON object'));
  const named = (given as { readonly name?: unknown }).name;
  if (name !== undefined && named !== undefined && named !== name) {
    const message = `the subject names network "${name}" and the body "${named}"`;
    return refused(refuse('invalid', message, 'name'));
  }
  const parsed = networkSpecSchema.safeParse({ ...given, name: named ?? name ?? '' });
  if (!parsed.success) return refused(explainIssue(parsed.error.issues[0]!));
  const spec = restoreProtoKeys(parsed.data, given);
  const refusal = validateNetworkSpec(spec);
  return refusal ? refused(refusal) : { ok: true, spec };
}

function refused(refusal: Refusal): NormalisedNetwork {
  return { ok: false, refusal };
}
