// The image of what keeps a task's network namespace: one program that waits for ever. Made here, byte by byte, as there is no
// registry to have it from, and nothing on a machine that is sure to be a static binary.
import { createHash } from 'node:crypto';
import { ownValue } from '@muster/model';

/** Machine code of `for (;;) pause();`, by the engine's name of the architecture. */
const programs: Readonly<Record<string, { readonly machine: number; readonly code: string }>> = {
  // mov eax, 34; syscall; jmp back
  amd64: { machine: 62, code: 'b8220000000f05ebf7' },
  // mov x0..x3, 0; mov x8, 73 (ppoll); svc 0; b back
  arm64: {
    machine: 183,
    code: '000080d2010080d2020080d2030080d2280980d2010000d4faffff17',
  },
};

const ELF_HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const LOADED_AT = 0x400000n;
const TAR_BLOCK_BYTES = 512;

export interface SandboxImage {
  readonly repo: string;
  readonly tag: string;
  readonly name: string;
  readonly tar: Buffer;
  /** Of a Dockerfile. */
  readonly changes: readonly string[];
}

/** Undefined where nobody has written the program yet. */
export function drawSandboxImage(architecture: string): SandboxImage | undefined {
  const program = ownValue(programs, architecture);
  if (program === undefined) return undefined;
  const tar = packFile('pause', linkProgram(program.machine, Buffer.from(program.code, 'hex')));
  const tag = createHash('sha256').update(tar).digest('hex').slice(0, 12);
  const repo = 'muster/sandbox';
  return { repo, tag, name: `${repo}:${tag}`, tar, changes: ['ENTRYPOINT ["/pause"]'] };
}

/** The smallest ELF file: its header, one segment, and the code. */
function linkProgram(machine: number, code: Buffer): Buffer {
  const start = ELF_HEADER_BYTES + PROGRAM_HEADER_BYTES;
  const head = Buffer.alloc(start);
  const size = BigInt(start + code.length);
  head.write('\x7fELF', 0, 'latin1');
  // 64 bits, little-endian, version 1; executable.
  head.set([2, 1, 1], 4);
  head.writeUInt16LE(2, 16);
  head.writeUInt16LE(machine, 18);
  head.writeUInt32LE(1, 20);
  head.writeBigUInt64LE(LOADED_AT + BigInt(start), 24);
  head.writeBigUInt64LE(BigInt(ELF_HEADER_BYTES), 32);
  head.writeUInt16LE(ELF_HEADER_BYTES, 52);
  head.writeUInt16LE(PROGRAM_HEADER_BYTES, 54);
  head.writeUInt16LE(1, 56);
  // To be loaded, readable and executable.
  head.writeUInt32LE(1, 64);
  head.writeUInt32LE(5, 68);
  head.writeBigUInt64LE(LOADED_AT, 80);
  head.writeBigUInt64LE(LOADED_AT, 88);
  head.writeBigUInt64LE(size, 96);
  head.writeBigUInt64LE(size, 104);
  head.writeBigUInt64LE(0x10000n, 112);
  return Buffer.concat([head, code]);
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
