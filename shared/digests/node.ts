import { createHash } from 'node:crypto';
import { crc32 as nativeCrc32 } from 'node:zlib';
import type { Digests } from './digests.ts';

export const sha256: Digests['sha256'] = (text) => createHash('sha256').update(text).digest('hex');

export const startSha256: Digests['startSha256'] = () => {
  const hash = createHash('sha256');
  return { update: (data) => hash.update(data), end: () => hash.digest('hex') };
};

export const crc32: Digests['crc32'] = nativeCrc32;
