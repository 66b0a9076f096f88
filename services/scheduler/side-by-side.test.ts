// Two schedulers that decide on the same state, neither knowing what the other is about to append.
import {
  createShare,
  MemoryBus,
  type Reducer,
  type Share,
  startPresence,
  turnedOrder,
} from '@muster/runtime';
import { clearChanges } from '@muster/state';
import {
  appendDecision,
  createService,
  createTasks,
  type History,
  joinReadyNode,
  startHistory,
  VirtualClock,
} from '@muster/testing';
import { expect, it } from 'vitest';
import { createScheduler } from './scheduler.ts';

const COPIES = ['one', 'two'];
const NODES = 50;
/** Parts that differ by a fifth meet after fifty. */
const ROUNDS = 60;
const SERVICES_PER_ROUND = 20;

async function startShares(): Promise<Share[]> {
  const clock = new VirtualClock();
  const bus = new MemoryBus({ clock });
  const shares = COPIES.map((copy) => {
    const presence = startPresence({ bus: bus.client(copy), clock, role: 'scheduler', copy });
    return createShare(presence, { clock, onChange: () => undefined });
  });
  await clock.advance(10);
  return shares;
}

/** How many of what both appended came second, and how many stood. */
function decideTogether(history: History, schedulers: readonly Reducer[]) {
  for (const scheduler of schedulers) scheduler.notice(history.state, history.changes);
  clearChanges(history.changes);
  const decisions = schedulers.flatMap((scheduler) => scheduler.decide(history.state, history.now));
  const stood = decisions.filter((decision) => appendDecision(history, decision)).length;
  return { refused: decisions.length - stood, stood };
}

it('hardly ever meet on a node while much waits, however long that lasts', async () => {
  const history = startHistory();
  for (let node = 0; node < NODES; node += 1) joinReadyNode(history, `node-${node}`);
  const schedulers = (await startShares()).map((sharing, index) =>
    createScheduler({ sharing, rank: turnedOrder(COPIES[index]!) }),
  );
  const counts = { refused: 0, stood: 0 };
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let number = 0; number < SERVICES_PER_ROUND; number += 1)
      createTasks(history, createService(history, `service-${round}-${number}`), 5);
    const { refused, stood } = decideTogether(history, schedulers);
    counts.refused += refused;
    counts.stood += stood;
  }
  expect(counts.refused / (counts.refused + counts.stood)).toBeLessThan(0.02);
});
