// An address on a network, as it is given to a service or to a task.
import { z } from 'zod';

export const networkAddressSchema = z.object({
  networkId: z.string(),
  /** "10.0.3.7" */
  address: z.string(),
});
export type NetworkAddress = z.infer<typeof networkAddressSchema>;
