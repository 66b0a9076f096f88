// A spec as a new log has it: at the first wire version.
import { normaliseServiceSpec, type ServiceSpec } from '@muster/model';

const FIRST_WIRE_VERSION = 1;

/** Throws where the body is refused: it is the bench's own. */
export function readSpec(body: object, name: string): ServiceSpec {
  const normalised = normaliseServiceSpec(body, name, FIRST_WIRE_VERSION);
  if (!normalised.ok) throw new Error(normalised.refusal.message);
  return normalised.spec;
}
