import { expect, it } from 'vitest';
import { drawTrialImage } from './trial-image.ts';

it.each(['amd64', 'arm64'])('packs a program of %s into an archive with its sum right', (architecture) => {
  const { tar, name } = drawTrialImage(architecture)!;
  expect(name).toMatch(/^muster\/trial:[0-9a-f]{12}$/);
  expect(tar.length % 512).toBe(0);
  const header = Buffer.from(tar.subarray(0, 512));
  const said = Number.parseInt(header.toString('latin1', 148, 154), 8);
  header.fill(' ', 148, 156);
  expect(header.reduce((total, byte) => total + byte, 0)).toBe(said);
  const size = Number.parseInt(tar.toString('latin1', 124, 135), 8);
  const elf = tar.subarray(512, 512 + size);
  expect(elf.toString('latin1', 0, 4)).toBe('\x7fELF');
});

it('has no program for what nobody has tried', () => {
  expect(drawTrialImage('s390x')).toBeUndefined();
});
