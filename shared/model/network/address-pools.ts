// Where networks get their subnets from that ask for none, as Docker has it: pools of addresses, and how large each network's part is.
import { z } from 'zod';
import { blocksOverlap } from '../grammar/ip-address.ts';
import { type Refusal, refuse } from '../refusal.ts';
import { parseSubnet } from './subnet.ts';

export const addressPoolsSchema = z.object({
  /** "10.0.0.0/8" */
  pools: z.array(z.string()).min(1),
  /** Leading bits of each network's part. */
  prefix: z.int(),
});
export type AddressPools = z.infer<typeof addressPoolsSchema>;

/** As Docker's. */
export const DEFAULT_ADDRESS_POOLS: AddressPools = { pools: ['10.0.0.0/8'], prefix: 24 };

/** Docker's: eight addresses. */
const LONGEST_PREFIX = 29;
const MOST_POOLS = 64;

/** Docker's rules and words (daemon/cluster, validateDefaultAddrPool). */
export function checkAddressPools({ pools, prefix }: AddressPools): Refusal | undefined {
  if (prefix < 1 || prefix > LONGEST_PREFIX)
    return refuse('invalid', `subnet size is out of range: ${prefix}`, 'defaultAddrPoolMaskLength');
  if (pools.length > MOST_POOLS)
    return refuse('invalid', `there may be ${MOST_POOLS} pools at most`, 'defaultAddrPool');
  for (const [index, text] of pools.entries()) {
    const field = `defaultAddrPool.${index}`;
    const pool = parseSubnet(text);
    if (!pool || !text.includes('/')) return refuse('invalid', `invalid CIDR address: ${text}`, field);
    if (pool.bits !== 32) return refuse('unsupported', `${text}: pools of IPv6 are not supported yet`, field);
    if (prefix < pool.prefix)
      return refuse(
        'invalid',
        `invalid CIDR: "${text}". Subnet size is too small for pool: ${prefix}`,
        field,
      );
    const other = pools.slice(0, index).find((before) => blocksOverlap(parseSubnet(before)!, pool));
    if (other !== undefined) return refuse('conflict', `pool ${text} overlaps with ${other}`, field);
  }
  return undefined;
}
