import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { whatIsMissing } from './missing.ts';

it('says each program that is missing, and where to get it', async () => {
  const nothing = mkdtempSync(path.join(tmpdir(), 'muster-missing-'));
  const missing = await whatIsMissing(nothing);
  rmdirSync(nothing);
  if (process.platform !== 'linux') {
    expect(missing.map(({ what }) => what)).toEqual(['linux']);
    return;
  }
  const programs = missing.filter(({ what }) => what !== 'root');
  expect(programs.map(({ what }) => what)).toEqual([
    'ip',
    'bridge',
    'nft',
    'conntrack',
    'nsenter',
    'unshare',
  ]);
  expect(programs.find(({ what }) => what === 'nft')!.sentence).toBe(
    "there is no program nft: install Debian's nftables, or your system's package that has it",
  );
  expect(missing.some(({ what }) => what === 'root')).toBe(process.geteuid!() !== 0);
});
