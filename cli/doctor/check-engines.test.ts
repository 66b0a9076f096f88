import { describe, expect, it } from 'vitest';
import { makeProcess, makeRole } from '../top/looks.fixture.ts';
import { checkEngines } from './check-engines.ts';

const agent = (copy: string, trouble?: string) =>
  makeProcess([makeRole({ role: 'agent', copy, ...(trouble !== undefined && { trouble }) })], { host: copy });
const said = (...args: Parameters<typeof checkEngines>) =>
  checkEngines(...args).map(({ level, what, says }) => `${level} ${what}: ${says}`);

describe('engines', () => {
  it('are counted by what they are', () => {
    const docker = { backend: 'docker', engineVersion: '27.3.1' };
    expect(said([docker, docker, { backend: 'process', engineVersion: '6.1' }], [agent('n1')])).toEqual([
      'ok engines: docker 27.3.1 on 2, process 6.1 on 1',
    ]);
  });

  it('that can not be used are told of with their node and why, louder when there is no other', () => {
    const ill = agent('n2', 'engine: connect ENOENT');
    const says = 'engines: the agent of n2 has no engine that it can use: connect ENOENT';
    expect(said([], [agent('n1'), ill])).toEqual([`warn ${says}`]);
    expect(said([], [ill])).toEqual([`fail ${says}`]);
  });

  it('and an agent whose node was removed is named, with the node', () => {
    const trouble = `joined: node ${'n'.repeat(25)} was removed from the cluster`;
    expect(said([], [agent('n1'), agent('n2', trouble)])).toEqual([
      `warn agents: the agent of n2 is still there, though its node ${'n'.repeat(25)} was removed: it has ended what it ran`,
    ]);
  });

  it('and their agents are named up to a limit', () => {
    const many = Array.from({ length: 12 }, (_, index) => agent(`n${index}`, 'reports: they wait'));
    expect(said([], [agent('well'), ...many])).toHaveLength(11);
    expect(said([], [agent('well'), ...many]).at(-1)).toBe('warn agents: 2 more are not ready');
  });

  it('nobody was asked about are none', () => {
    expect(checkEngines([], [])).toEqual([]);
  });
});
