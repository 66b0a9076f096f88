import { PATIENCE_MS } from '@muster/runtime';
import { AGENT_RESTART_MS, runScenario, type ScenarioOutcome } from '@muster/simulation';
import { beforeAll, describe, expect, it } from 'vitest';

/** Another copy looks twice before it takes over; the scenario looks every 50 ms. */
const LONGEST_PAUSE_MS = 2 * PATIENCE_MS + 50;

let undisturbed: ScenarioOutcome;
beforeAll(async () => {
  undisturbed = await runScenario({ copies: 2 });
});

describe('killing the writer at every event', () => {
  it.each(['before', 'after'] as const)(
    '%s the append leads to the same end, and back again',
    async (when) => {
      for (let index = 1; index <= undisturbed.appends; index += 1) {
        const outcome = await runScenario({ copies: 2, killAt: { index, when }, restartAfterMs: 500 });
        expect(outcome.services, `killed ${when} append ${index}`).toEqual(undisturbed.services);
      }
    },
  );

  it('and the other copies go on alone, with no pause worth mentioning', async () => {
    for (let index = 1; index <= undisturbed.appends; index += 1) {
      const outcome = await runScenario({ copies: 2, killAt: { index, when: 'before' } });
      const pauses = outcome.stepMs.map((ms, step) => ms - undisturbed.stepMs[step]!);
      const limit = outcome.killed === 'reducer' ? LONGEST_PAUSE_MS : AGENT_RESTART_MS;
      expect(Math.max(...pauses), `killed before append ${index}`).toBeLessThanOrEqual(limit);
    }
  });
});
