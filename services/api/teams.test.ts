// One name in two teams: who asks without a team means the default one, "blue/web" is web of the team blue, and ids are
// found wherever they are.
import { decode, type Fact } from '@muster/events';
import { MemoryLog } from '@muster/log';
import { type History, joinReadyNode, startHistory } from '@muster/testing';
import { beforeEach, describe, expect, it } from 'vitest';
import { readAudit } from './audit/audit.ts';
import { narrate } from './audit/narrate.ts';
import { runService } from './audit/story.fixture.ts';
import { answerQuery } from './queries/answer.ts';
import { Directory } from './queries/directory.ts';
import type { QueryRequest } from './queries/queries.ts';

let history: History;
let ours: ReturnType<typeof runService>;
let theirs: ReturnType<typeof runService>;
beforeEach(() => {
  history = startHistory();
  joinReadyNode(history, 'n1');
  ours = runService(history, 'web', { replicas: 1, running: 1 });
  theirs = runService(history, 'web', { replicas: 2, running: 2, team: 'blue' });
});

describe('a query', () => {
  const inspect = (service: string, team?: string) => {
    const result = answerQuery(history.state, 'service.inspect', { service, team });
    return result.ok ? result.answer.id : result.refusal.message;
  };

  it('finds a name in the team that is asked for', () => {
    expect(inspect('web')).toBe(ours.id);
    expect(inspect('web', '')).toBe(ours.id);
    expect(inspect('web', 'blue')).toBe(theirs.id);
    expect(inspect('blue/web')).toBe(theirs.id);
    expect(inspect('blue/web', 'red')).toBe(theirs.id);
    expect(inspect('web', 'red')).toBe('no such service: web');
  });

  it('finds an id whatever the team', () => {
    expect(inspect(theirs.id)).toBe(theirs.id);
    expect(inspect(ours.id, 'blue')).toBe(ours.id);
  });

  it('finds the tasks of a name', () => {
    const tasks = (service: string, team?: string) => {
      const result = answerQuery(history.state, 'service.tasks', { service, team });
      return result.ok && result.answer.map(({ id }) => id);
    };
    expect(tasks('web')).toEqual(ours.tasks);
    expect(tasks('web', 'blue')).toEqual(theirs.tasks);
    const one = (task: string, team?: string) => answerQuery(history.state, 'task.inspect', { task, team });
    expect(one('web.2')).toMatchObject({ ok: false });
    expect(one('web.2', 'blue')).toMatchObject({ answer: { id: theirs.tasks[1], team: 'blue' } });
    expect(one('blue/web.2')).toMatchObject({ answer: { id: theirs.tasks[1] } });
    expect(answerQuery(history.state, 'service.progress', { service: 'web', team: 'blue' })).toMatchObject({
      answer: { id: theirs.id, running: 2 },
    });
  });

  it('lists one team, or all; and says the team of those outside the default one', () => {
    const list = (request: QueryRequest<'service.list'>) => {
      const result = answerQuery(history.state, 'service.list', request);
      return result.ok && result.answer;
    };
    expect(list({})).toMatchObject([{ id: ours.id }]);
    expect(list({})).not.toMatchObject([{ team: expect.anything() }]);
    expect(list({ team: 'blue' })).toMatchObject([{ id: theirs.id, name: 'web', team: 'blue' }]);
    expect(list({ team: 'red' })).toEqual([]);
    expect(list({ allTeams: true })).toMatchObject([{ id: ours.id }, { id: theirs.id }]);
  });

  it('pages through the tasks of a node, and loses none of two services of one name', () => {
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const result = answerQuery(history.state, 'node.tasks', { node: 'n1', limit: 1, cursor });
      if (!result.ok) throw new Error(result.refusal.message);
      seen.push(...result.answer.map(({ id }) => id));
      cursor = result.next;
    } while (cursor !== undefined);
    expect(seen).toEqual([...ours.tasks, ...theirs.tasks]);
  });
});

function learn(facts: readonly Fact[]): Directory {
  const directory = new Directory();
  for (const fact of facts) directory.note(fact);
  return directory;
}

const facts = () => history.records.map((record) => decode(record));

it('is told with its team in every sentence', () => {
  const directory = learn(facts());
  const told = facts()
    .slice(theirs.intent - 1)
    .map((fact) => narrate(fact, directory).what);
  expect(told).toEqual([
    'asked to create service blue/web (nginx, 2 replicas)',
    `accepted #${theirs.intent}: service blue/web is created (nginx, 2 replicas)`,
    'created blue/web.1, blue/web.2',
    'service blue/web needs no ports: its tasks can be placed',
    'gave blue/web.1, blue/web.2 to node n1',
    'blue/web.1, blue/web.2 running',
  ]);
});

it('is told with the reasons of the tasks that are of interest alone', () => {
  history.append({
    type: 'service.reconciled',
    cause: history.state.head,
    serviceId: theirs.id,
    specVersion: theirs.intent + 1,
    desired: theirs.tasks.map((id) => ({ id, state: 'shutdown' as const })),
    why: ['web.1 ended: boom', 'web.2 ended: bang'],
  });
  const last = facts().at(-1)!;
  expect(narrate(last, learn(facts()), (id) => id === theirs.tasks[1])).toMatchObject({
    what: 'wants blue/web.2 shut down',
    why: 'web.2 ended: bang',
  });
});

describe('an audit', () => {
  async function audit(about: string, team?: string) {
    let now = 0;
    const log = new MemoryLog({ now: () => now });
    for (const { subject, data, time } of history.records) {
      now = time;
      await log.append(subject, data);
    }
    const result = await readAudit(log, history.state, about, team);
    return result.ok ? result.entries.map(({ seq }) => seq) : result.refusal.message;
  }

  it('tells what is of the one team, and nothing of the other', async () => {
    const [first, second] = [ours.intent, theirs.intent];
    expect(await audit('web')).toEqual(Array.from({ length: second - first }, (_, index) => first + index));
    expect((await audit('web', 'blue'))[0]).toBe(second);
    expect(await audit('web', 'blue')).toEqual(await audit('blue/web'));
    expect(await audit('web.2', 'blue')).toEqual(await audit(theirs.tasks[1]!));
    expect(await audit('web.2')).toBe('no such service, task, node or network: web.2');
    expect(await audit(theirs.id)).toEqual(await audit('web', 'blue'));
  });
});
