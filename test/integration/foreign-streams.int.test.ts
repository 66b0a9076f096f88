// A stream of muster's name that somebody else has made, or has changed: every role says what is wrong with it and ends,
// and nobody touches it.
import { connectNats } from '@muster/runtime';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { controlRoles, startCluster, type TestCluster } from '../harness/cluster.ts';

let cluster: TestCluster;
let connection: Awaited<ReturnType<typeof connectNats>>;

beforeEach(async () => {
  cluster = await startCluster();
  connection = await connectNats(cluster.url, { name: 'test' });
});

afterEach(async () => {
  await connection?.close();
  await cluster?.stop();
});

async function ask(subject: string, request: object = {}): Promise<Record<string, unknown>> {
  const answer = (await connection.request(`$JS.API.${subject}`, JSON.stringify(request))).json();
  expect(answer).not.toHaveProperty('error');
  return answer as Record<string, unknown>;
}

/** Settings and content, and no more than that: who looks on changes the count of consumers. */
async function inspect(stream: string): Promise<unknown> {
  const { config, state, created } = await ask(`STREAM.INFO.${stream}`);
  return { config, state, created };
}

const ours = {
  name: 'MUSTER_LOG',
  subjects: ['muster.intent.>', 'muster.event.>'],
  discard: 'new',
  deny_delete: true,
  deny_purge: true,
};

it('is refused by every role, which names the stream and the setting', async () => {
  await ask('STREAM.CREATE.MUSTER_LOG', { ...ours, deny_purge: false, max_age: 3_600_000_000_000 });
  await connection.request('muster.intent.ana.service.apply.web', '{"image":"nginx"}');
  const before = await inspect('MUSTER_LOG');

  const agent = ['agent', '--backend', 'simulator', '--dir', `${cluster.dir}/agent`];
  const up = ['up', '--nats', cluster.url, '--backend', 'simulator', '--dir', `${cluster.dir}/up`];
  const outcomes = await Promise.all(
    [...controlRoles.map((role) => [role]), agent, up].map(async (args) => ({
      role: args[0],
      ...(await cluster.run(args)),
    })),
  );
  const sentence =
    /^Error: the stream MUSTER_LOG exists with other settings than muster needs: .*max_age must be 0 and is 3600000000000.*deny_purge must be true and is false$/m;
  expect(outcomes).toEqual(
    [...controlRoles, 'agent', 'up'].map((role) => ({
      role,
      code: 1,
      stdout: expect.any(String),
      stderr: expect.stringMatching(sentence),
    })),
  );
  expect(await inspect('MUSTER_LOG')).toEqual(before);

  const { code, stdout } = await cluster.run(['doctor']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/^fail +streams +MUSTER_LOG: max_age is 3600000000000 and must be 0$/m);
});

it.each([
  [
    'MUSTER_LOG',
    { ...ours, allow_rollup_hdrs: true, deny_purge: false },
    /MUSTER_LOG .*allow_rollup_hdrs must be false/,
  ],
  ['MUSTER_LOG', { ...ours, subjects: ['muster.>'] }, /MUSTER_LOG .*subjects must be/],
  ['MUSTER_LOG', { ...ours, storage: 'memory' }, /MUSTER_LOG .*storage must be "file" and is "memory"/],
  ['MUSTER_LOG', { ...ours, allow_atomic: true }, /MUSTER_LOG .*allow_atomic must be "off" and is true/],
  [
    'MUSTER_COMMANDS',
    { subjects: ['muster.command.*.*'] },
    /MUSTER_COMMANDS .*max_msgs_per_subject must be 1 and is -1/,
  ],
  // Not one of ours, but it takes what is published to us.
  ['AUDIT', { subjects: ['muster.event.>'] }, /can't make the stream MUSTER_LOG: subjects overlap/],
])('is refused: %s with %o', async (stream, config, sentence) => {
  await ask(`STREAM.CREATE.${stream}`, { name: stream, ...config });
  const before = await inspect(stream);
  const { code, stderr } = await cluster.run(['orchestrator']);
  expect(stderr).toMatch(sentence);
  expect(code).toBe(1);
  expect(stderr).not.toContain('fault of muster');
  expect(await inspect(stream)).toEqual(before);
});
