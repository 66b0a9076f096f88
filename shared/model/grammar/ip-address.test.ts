import { isIP } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseAddress } from './ip-address.ts';

const group = fc.oneof(
  fc.stringMatching(/^[0-9a-fA-F]{1,4}$/),
  fc.constantFrom('', '0', '00', '01', '256', '255', '10.0.0.1', '12345', 'g', '::', '%eth0', ' '),
);
const near = fc
  .tuple(fc.array(group, { maxLength: 9 }), fc.constantFrom(':', '.', '::'))
  .map(([groups, joint]) => groups.join(joint));

it('takes for an address what Node does', () => {
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), near), (text) => {
      const isAddress = isIP(text) !== 0 && !text.includes('%');
      expect([text, parseAddress(text) !== undefined]).toEqual([text, isAddress]);
    }),
    { numRuns: 2_000 },
  );
});
