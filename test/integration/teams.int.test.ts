// Two teams on one cluster, by the command line: each has its own "web", and says whose it means by an option, by the
// environment, or by an id.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { areReady, catchUp, hasConverged } from '../harness/sightings.ts';
import type { Watch } from '../harness/watch.ts';

let cluster: TestCluster;
let watch: Watch;

beforeAll(async () => {
  cluster = await startCluster({ env: { MUSTER_ACTOR: 'ana' } });
  await cluster.start('up', '--nodes', '2', '--copies', '2', '--backend', 'simulator');
  watch = await cluster.watch();
  await watch.until('two nodes', areReady(2));
});

afterAll(() => cluster?.stop());

const now = ['--stable-for', '0s'];
const names = async (...args: string[]) => {
  const format = ['--format', '{{.Name}} {{.Team}} {{.Replicas}}'];
  return (await cluster.print('service', 'ls', ...format, ...args)).trimEnd().split('\n');
};

it('creates one name for two teams, and finds each of them', async () => {
  await cluster.print('service', 'create', '--name', 'web', ...now, 'nginx:1');
  await cluster.print('service', 'create', '--team', 'blue', '--name', 'web', ...now, 'nginx:2');
  await cluster.print('--team', 'blue', 'service', 'scale', ...now, 'web=2');
  expect(await names()).toEqual(['web  1/1']);
  expect(await names('--team', 'blue')).toEqual(['web blue 2/2']);
  expect(await names('--all-teams')).toEqual(['web  1/1', 'web blue 2/2']);
  const image = '{{.Spec.TaskTemplate.ContainerSpec.Image}}';
  const inspect = (...args: string[]) => cluster.print('service', 'inspect', '--format', image, ...args);
  expect(await inspect('web')).toBe('nginx:1\n');
  expect(await inspect('web', '--team', 'blue')).toBe('nginx:2\n');
  expect(await inspect('blue/web')).toBe('nginx:2\n');
  expect(await cluster.print('service', 'ps', '--team', 'blue', 'web', '-q')).toMatch(/^(\w+\n){2}$/);
});

it('changes by an id what is another team’s, in the name of that team', async () => {
  await catchUp(watch);
  const { id } = watch.state.serviceByName.get('blue', 'web')!;
  await cluster.print('service', 'update', '--image', 'nginx:3', ...now, id);
  await catchUp(watch);
  expect(hasConverged('web', 2, 'blue')(watch)?.[0]?.version.spec.containerSpec.image).toBe('nginx:3');
  expect(watch.facts.filter((fact) => fact.is === 'intent').at(-1)).toMatchObject({
    team: 'blue',
    actor: 'ana',
    subject: 'muster.intent.@blue.ana.service.update.web',
  });
});

it('tells the stories apart', async () => {
  expect(await cluster.print('audit', '--team', 'blue', 'web')).toContain('service blue/web is updated');
  expect(await cluster.print('audit', 'web')).not.toContain('blue/web');
  expect(await cluster.print('events', '--service', 'blue/web')).toContain('created blue/web.1');
});

it('publishes for its team, and removes what is the team’s alone', async () => {
  expect(await cluster.print('pub', '--team', 'blue', 'service.remove.web')).toContain(
    'muster.intent.@blue.ana.service.remove.web',
  );
  expect(await names('--all-teams')).toEqual(['web  1/1']);
});

it('refuses a team that can not be one, before anything is asked', async () => {
  const outcome = await cluster.run(['service', 'ls', '--team', 'Blue']);
  expect(outcome).toMatchObject({ code: 2, stderr: expect.stringContaining('invalid team "Blue"') });
});
