// A role of which no copy is there: a command that waits says whom it waits for, and goes on when one comes.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type ControlRole, reducers, startCluster, type TestCluster } from '../harness/cluster.ts';
import type { RoleProcess } from '../harness/role-process.ts';
import { areReady } from '../harness/sightings.ts';

let cluster: TestCluster;
let control: Record<ControlRole, RoleProcess[]>;

beforeAll(async () => {
  cluster = await startCluster();
  control = await cluster.startControl(1);
  await cluster.startAgent('one', { backend: 'simulator' });
  const watch = await cluster.watch();
  await watch.until('the node', areReady(1));
});

afterAll(() => cluster?.stop());

const create = (name: string, ...args: string[]) =>
  cluster.run(['service', 'create', '--stable-for', '1s', '--name', name, ...args, 'x']);

it.each(reducers)('names the %s', async (role) => {
  await Promise.all(control[role].map((copy) => copy.kill()));
  const { code, stderr } = await create(role, '--timeout', '4s');
  expect(code).toBe(4);
  expect(stderr).toContain(`waits for the ${role}, and none answers: `);
  expect(stderr).toContain(`start \`muster ${role}\``);
  const goesOn = create(`${role}-2`);
  control[role] = [await cluster.start(role)];
  expect(await goesOn).toMatchObject({ code: 0 });
});
