import { describe, expect, it } from 'vitest';
import { checkTeamName, nameWithTeam, readNameWithTeam } from './team.ts';

describe('a team', () => {
  it.each(['a', '7', 'payments', 'blue-2_x', 'a'.repeat(63)])('may be called %j', (team) => {
    expect(checkTeamName(team)).toBeUndefined();
  });

  it.each(['', '@', '-a', '_a', 'a.b', 'a/b', 'Payments', 'ä', 'a b', 'a\n', 'a'.repeat(64), 'default'])(
    'may not be called %j',
    (team) => {
      expect(checkTeamName(team)).toMatchObject({ kind: 'invalid', field: 'team' });
    },
  );
});

describe('a name with its team', () => {
  it.each([
    ['web', '', { team: '', name: 'web' }],
    ['web', 'payments', { team: 'payments', name: 'web' }],
    ['payments/web', '', { team: 'payments', name: 'web' }],
    ['payments/web', 'search', { team: 'payments', name: 'web' }],
    ['/web', 'search', { team: 'search', name: '/web' }],
  ])('is read from %j in team %j', (text, team, read) => {
    expect(readNameWithTeam(text, team)).toEqual(read);
  });

  it('is read as it was written', () => {
    for (const both of [
      { team: '', name: 'web' },
      { team: 'payments', name: 'web' },
    ])
      expect(readNameWithTeam(nameWithTeam(both), '')).toEqual(both);
  });
});
