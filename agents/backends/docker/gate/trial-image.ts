// An image for the trial of the gate, with the gate in it as the program that it would become. Made here, byte by byte, as there is
// no registry to have one from, and nothing on a machine that is sure to be a static binary.
import { createHash } from 'node:crypto';
import { readGateProgram } from './gate.ts';

const TAR_BLOCK_BYTES = 512;

export interface TrialImage {
  readonly repo: string;
  readonly tag: string;
  readonly name: string;
  readonly tar: Buffer;
  /** Of a Dockerfile. */
  readonly changes: readonly string[];
}

/** Undefined where there is no gate. */
export function drawTrialImage(architecture: string): TrialImage | undefined {
  const program = readGateProgram(architecture);
  if (program === undefined) return undefined;
  const tar = packFile('gate', program);
  const tag = createHash('sha256').update(tar).digest('hex').slice(0, 12);
  const repo = 'muster/trial';
  return { repo, tag, name: `${repo}:${tag}`, tar, changes: ['ENTRYPOINT ["/gate"]'] };
}

function packFile(name: string, content: Buffer): Buffer {
  const header = Buffer.alloc(TAR_BLOCK_BYTES);
  header.write(name, 0);
  header.write('0000755\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        0', 148);
  header.write('ustar\x0000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  const padding = Buffer.alloc((TAR_BLOCK_BYTES - (content.length % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES);
  return Buffer.concat([header, content, padding, Buffer.alloc(2 * TAR_BLOCK_BYTES)]);
}
