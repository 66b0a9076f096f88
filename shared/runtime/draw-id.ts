// Ids that are drawn, once each: of a cluster and of a node. All others derive from them.
import { randomBytes } from 'node:crypto';

/** 25 characters of base36, as Docker's. */
export function drawId(): string {
  const bits = BigInt(`0x${randomBytes(20).toString('hex')}`);
  return bits.toString(36).padStart(25, '0').slice(-25);
}
