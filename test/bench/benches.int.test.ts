// Benches that measure one process run, at a size that measures nothing: whatever changes in what is stored, they still say it.
import { spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { inProject } from '../harness/root.ts';

it.each([
  'place --nodes 50 --groups 1,10 --constraints 1 --preferences 0,1 --tasks 20 --group-tasks 20 --rounds 1',
  'share --nodes 50 --copies 1,2 --constraints 2 --services 20 --warm-up 20',
  'state --tasks 1000 --tasks-per-service 100 --nodes 20 --one-service 200',
  'commands --tasks 500 --nodes 20',
  'agents --nodes 5 --tasks 20 --rest 1',
  'rebuild --tasks 500 --rounds 1',
  'replay --events 1000 --rounds 1 --readers fold',
  'follow --events 500 --warm-up 500 --rate 5000 --roles none,scheduler',
  'names --services 20 --tasks 100 --rate 500 --seconds 1',
])('bench %s', { timeout: 90_000 }, (line) => {
  const args = ['--expose-gc', inProject('dist', 'bench.js'), ...line.split(' ')];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 80_000 });
  expect(stderr).not.toMatch(/Error/);
  expect(status).toBe(0);
  for (const result of stdout.trim().split('\n'))
    expect(JSON.parse(result)).toMatchObject({ bench: line.split(' ')[0] });
});
