// Puts a stopwatch around the ports of a role. What goes through comes out as it was, errors included.
import type { Log, SnapshotStore } from '@muster/log';
import type { Reducer, ServeQueries } from '@muster/runtime';
import type { Durations } from './durations.ts';
import type { SnapshotMeasures } from './measures.ts';

export function measureLog(log: Log, appends: Durations): Log {
  return {
    get maxRecordBytes() {
      return log.maxRecordBytes;
    },
    async append(subject, data, options) {
      const startedAt = performance.now();
      try {
        return await log.append(subject, data, options);
      } finally {
        appends.add(performance.now() - startedAt);
      }
    },
    read: (options) => log.read(options),
    follow: (options) => log.follow(options),
    find: (seq) => log.find(seq),
    head: () => log.head(),
    close: () => log.close(),
  };
}

export function measureReducer(reducer: Reducer, decides: Durations): Reducer {
  return {
    ...reducer,
    decide(state, now) {
      const startedAt = performance.now();
      try {
        return reducer.decide(state, now);
      } finally {
        decides.add(performance.now() - startedAt);
      }
    },
  };
}

export function measureSnapshots(store: SnapshotStore, measures: SnapshotMeasures): SnapshotStore {
  return {
    limits: store.limits,
    async put(meta, chunks) {
      const startedAt = performance.now();
      let bytes = 0;
      async function* counted(): AsyncGenerator<Uint8Array> {
        for await (const chunk of chunks) {
          bytes += chunk.length;
          yield chunk;
        }
      }
      try {
        await store.put(meta, counted());
      } catch (error) {
        measures.failed += 1;
        throw error;
      }
      measures.stored += 1;
      // A rung that was missing is not the last one.
      if (meta.seq < (measures.last?.seq ?? 0)) return;
      measures.last = { seq: meta.seq, bytes, durationMs: performance.now() - startedAt };
    },
    list: (foldVersion) => store.list(foldVersion),
    latest: (foldVersion, atMost) => store.latest(foldVersion, atMost),
    discardAbove: (seq) => store.discardAbove(seq),
    newestVersion: () => store.newestVersion(),
  };
}

export function measureQueries(serve: ServeQueries, queries: Durations): ServeQueries {
  return (service) =>
    serve({
      ...service,
      endpoints: service.endpoints.map((endpoint) => ({
        ...endpoint,
        async answer(payload) {
          const startedAt = performance.now();
          const reply = await endpoint.answer(payload);
          queries.add(performance.now() - startedAt);
          return reply;
        },
      })),
    });
}
