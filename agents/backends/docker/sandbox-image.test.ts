import { expect, it } from 'vitest';
import { drawSandboxImage } from './sandbox-image.ts';

it.each(['amd64', 'arm64'])('packs a program of %s into an archive with its sum right', (architecture) => {
  const { tar, name } = drawSandboxImage(architecture)!;
  expect(name).toMatch(/^muster\/sandbox:[0-9a-f]{12}$/);
  expect(tar.length % 512).toBe(0);
  const header = Buffer.from(tar.subarray(0, 512));
  const said = Number.parseInt(header.toString('latin1', 148, 154), 8);
  header.fill(' ', 148, 156);
  expect(header.reduce((total, byte) => total + byte, 0)).toBe(said);
  const size = Number.parseInt(tar.toString('latin1', 124, 135), 8);
  const elf = tar.subarray(512, 512 + size);
  expect(elf.toString('latin1', 0, 4)).toBe('\x7fELF');
  // Where it begins is where the code is.
  expect(elf.readBigUInt64LE(24) - elf.readBigUInt64LE(80)).toBe(120n);
});

it('has no program for what nobody has tried', () => {
  expect(drawSandboxImage('s390x')).toBeUndefined();
});
