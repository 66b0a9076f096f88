import { runScenario } from '@muster/simulation';
import { describe, expect, it } from 'vitest';

describe('killing the writer at every event of a story', () => {
  it('leads every update to the same end: back, paused, or on', async () => {
    const updated = await runScenario({ copies: 2, story: 'ofUpdates' });
    expect(updated.services).toEqual([
      'web web:1 3 slots, undefined',
      'web web:1 3 slots, rollback_completed',
      'web web:3 3 slots, paused',
      'web web:1 3 slots, rollback_completed',
      'web web:4 3 slots, completed',
      'web web:5 3 slots, completed',
    ]);
    for (let index = 1; index <= updated.appends; index += 1) {
      const killAt = { index, when: index % 2 === 0 ? 'before' : 'after' } as const;
      const outcome = await runScenario({ copies: 2, story: 'ofUpdates', killAt, restartAfterMs: 500 });
      expect(outcome.services, `killed ${killAt.when} append ${index}`).toEqual(updated.services);
    }
  });

  it('leaves every network with the tasks that are on it, and no address with two', async () => {
    const whole = await runScenario({ copies: 2, story: 'ofNetworks' });
    const networks = whole.services.filter((line) => line.endsWith('tasks'));
    expect(networks.slice(-6)).toEqual([
      'front 4 tasks',
      'back 3 tasks',
      'front 5 tasks',
      'back 0 tasks',
      'front 5 tasks',
      'front 1 tasks',
    ]);
    for (let index = 1; index <= whole.appends; index += 1) {
      const killAt = { index, when: index % 2 === 0 ? 'before' : 'after' } as const;
      const outcome = await runScenario({ copies: 2, story: 'ofNetworks', killAt, restartAfterMs: 500 });
      expect(outcome.services, `killed ${killAt.when} append ${index}`).toEqual(whole.services);
    }
  });
});
