// What an audit reads of a log is little, and what it tells is what a search of the whole log finds.
import { AuditStory, Directory, listLifeSpans, readAudit, tasksIn } from '@muster/api';
import { decode, type Fact } from '@muster/events';
import { MemoryLog } from '@muster/log';
import { beforeAll, describe, expect, it } from 'vitest';
import { tellStory } from '../bench/replay/story.ts';

const story = tellStory({ events: 6_000, nodes: 30, services: 12, replicas: 6, seed: 3 });
const { state } = story;
let log: MemoryLog;
let facts: Fact[];
let read = 0;

beforeAll(async () => {
  log = new MemoryLog({ now: () => 0 });
  for (const { subject, data } of story.records) await log.append(subject, data);
  facts = log.records.map(decode);
  const { read: readAll } = log;
  log.read = async function* (options) {
    for await (const record of readAll.call(log, options)) {
      read += 1;
      yield record;
    }
  };
});

/** Everything is looked at. */
function searchStory(name: string) {
  const directory = new Directory();
  for (const fact of facts) directory.note(fact);
  const serviceIds = new Set(
    [...directory.services.values()].filter((one) => one.name === name).map(({ id }) => id),
  );
  directory.rewind();
  directory.noteNodes(state);
  const target = { team: '', name, serviceIds, astray: new Set<number>(), taskIds: undefined, firstSeq: 1 };
  const story = new AuditStory(directory, target);
  for (const fact of facts) story.add(fact);
  return story.entries();
}

describe('an audit', () => {
  it.each(Array.from({ length: 12 }, (_, index) => `service-${index + 1}`))(
    'of %s is complete',
    async (name) => {
      const wanted = searchStory(name);
      expect(wanted.length).toBeGreaterThan(100);
      read = 0;
      const audit = await readAudit(log, state, name);
      expect(audit.ok && audit.entries).toEqual(wanted);
    },
  );

  it('reads little more than it tells', async () => {
    read = 0;
    const audit = await readAudit(log, state, 'service-3');
    expect(audit.ok && audit.entries.length).toBeGreaterThan(100);
    expect(read).toBeLessThan(facts.length / 2);
  });
});

describe('the span in which something is said of a task', () => {
  it('holds every report', () => {
    const spans = new Map(listLifeSpans(facts, state, facts.length).map((span) => [span.id, span]));
    for (const fact of facts) {
      if (fact.is !== 'event' || !('nodeId' in fact.event)) continue;
      for (const id of tasksIn(fact)) {
        const { createdSeq, endSeq } = spans.get(id)!;
        expect(fact.seq).toBeGreaterThan(createdSeq);
        expect(fact.seq).toBeLessThanOrEqual(endSeq);
      }
    }
  });
});
