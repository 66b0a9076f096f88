import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { buf } from 'crc-32';
import type { Digests } from './digests.ts';

export const sha256: Digests['sha256'] = (text) => bytesToHex(nobleSha256(utf8ToBytes(text)));

export const startSha256: Digests['startSha256'] = () => {
  const hash = nobleSha256.create();
  return { update: (data) => hash.update(data), end: () => bytesToHex(hash.digest()) };
};

export const crc32: Digests['crc32'] = (data, before = 0) => buf(data, before) >>> 0;
