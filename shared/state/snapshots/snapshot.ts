// A captured state as chunks of bytes, and back. Objects are written as JSON, tables as they are: reading them back is
// little more than copying. The last chunk holds a digest of the others.
import { startSha256 } from '@muster/digests';
import { TaskState } from '@muster/model';
import { indexPlacesOf } from '../cluster/services/places.ts';
import { indexSlot, indexTask } from '../cluster/services/service-indices.ts';
import type { Slot } from '../cluster/services/slot.ts';
import { type ClusterState, createState } from '../cluster/state.ts';
import { mustLeave } from '../cluster/tasks/must-leave.ts';
import type { Task } from '../cluster/tasks/task.ts';
import { PAGE_ROWS, type Page, type Table } from '../columns/pages.ts';
import { holdAgain, takeForService } from '../fold/hold-addresses.ts';
import { enterNode } from '../fold/task-transitions.ts';
import type { Voids } from '../fold/voids.ts';
import type { Capture, Links } from './capture.ts';
import { restoreObject } from './restore-object.ts';
import type { Row } from './rows.ts';

const ROWS_PER_CHUNK = 200;
const LENGTH_BYTES = 4;
const littleEndian = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

type Head =
  | { readonly kind: 'links'; readonly littleEndian: boolean; readonly links: Links }
  | { readonly kind: 'digests' }
  | { readonly kind: 'objects'; readonly rows: readonly Row[] }
  | {
      readonly kind: 'page';
      readonly table: 'slots' | 'tasks';
      readonly index: number;
      readonly loose: readonly (readonly unknown[] | null)[];
    }
  | { readonly kind: 'end'; readonly digest: string };

/** In chunks that each take well under a millisecond to make. */
export function* writeSnapshot({ digests, objects, links, tables }: Capture): Generator<Uint8Array> {
  const digest = startSha256();
  function seal(chunk: Uint8Array): Uint8Array {
    digest.update(chunk);
    return chunk;
  }
  yield seal(encodeChunk({ kind: 'links', littleEndian, links }));
  yield seal(encodeChunk({ kind: 'digests' }, bytesOf(digests)));
  for (let from = 0; from < objects.length; from += ROWS_PER_CHUNK)
    yield seal(encodeChunk({ kind: 'objects', rows: objects.slice(from, from + ROWS_PER_CHUNK) }));
  for (const table of ['slots', 'tasks'] as const) {
    const { pages } = tables[table];
    for (let index = 0; index < pages.length; index += 1) yield seal(encodePage(table, index, pages[index]!));
  }
  yield encodeChunk({ kind: 'end', digest: digest.end() });
}

export interface SnapshotReader {
  /** The next chunk. Throws when it can't be one of a snapshot. */
  take(chunk: Uint8Array): void;
  /** Step by step, as it takes time; the state is whole after the last. Throws when chunks are missing or differ. */
  finish(): Generator<void, ClusterState>;
}

/** `voids`: what the fold goes by that goes on from it. */
export function readSnapshot(voids?: Voids): SnapshotReader {
  const state = createState(voids);
  const digest = startSha256();
  let links: Links | undefined;
  let ended: string | undefined;

  return {
    take(chunk) {
      const { head, bytes } = decodeChunk(chunk);
      if (head.kind !== 'end') digest.update(chunk);
      switch (head.kind) {
        case 'links':
          if (head.littleEndian !== littleEndian) throw new Error('it was made on another kind of machine');
          links = head.links;
          for (const subject of links.strangers) state.strangers.add(subject);
          return;
        case 'digests':
          state.digests.set(new Uint32Array(copyBytes(bytes)));
          return;
        case 'objects':
          for (const row of head.rows) restoreObject(state, links!, row);
          return;
        case 'page':
          state.tables[head.table].putPage(
            head.index,
            decodePage(state.tables[head.table], head.loose, bytes),
          );
          return;
        case 'end':
          ended = head.digest;
      }
    },
    *finish() {
      if (ended === undefined || ended !== digest.end()) throw new Error('it is not what was stored');
      yield* rebuildIndices(state);
      return state;
    },
  };
}

function encodeChunk(head: Head, ...parts: readonly Uint8Array[]): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(head));
  const size = parts.reduce((sum, part) => sum + part.length, LENGTH_BYTES + json.length);
  const chunk = new Uint8Array(size);
  new DataView(chunk.buffer).setUint32(0, json.length, true);
  chunk.set(json, LENGTH_BYTES);
  let at = LENGTH_BYTES + json.length;
  for (const part of parts) {
    chunk.set(part, at);
    at += part.length;
  }
  return chunk;
}

function decodeChunk(chunk: Uint8Array): { readonly head: Head; readonly bytes: Uint8Array } {
  const length = new DataView(chunk.buffer, chunk.byteOffset).getUint32(0, true);
  const json = new TextDecoder().decode(chunk.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
  return { head: JSON.parse(json) as Head, bytes: chunk.subarray(LENGTH_BYTES + length) };
}

function encodePage(table: 'slots' | 'tasks', index: number, { wide, narrow, loose }: Page): Uint8Array {
  const head = { kind: 'page', table, index, loose: loose.map((column) => column ?? null) } as const;
  return encodeChunk(head, bytesOf(wide), bytesOf(narrow));
}

function decodePage(table: Table, loose: readonly (readonly unknown[] | null)[], bytes: Uint8Array): Page {
  const wideBytes = table.shape.wide * PAGE_ROWS * Float64Array.BYTES_PER_ELEMENT;
  return {
    wide: new Float64Array(copyBytes(bytes.subarray(0, wideBytes))),
    narrow: new Int32Array(copyBytes(bytes.subarray(wideBytes))),
    loose: loose.map((column) => column?.map((value) => value ?? undefined)),
    readers: undefined,
  };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float64Array | Int32Array | Uint32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Nothing is to be done about it, as about nearly every slot there is: no index has it or its task. */
function isAtRest(slot: Slot, newest: Task): boolean {
  const { RUNNING } = TaskState;
  return (
    newest.observed === RUNNING &&
    newest.desired === RUNNING &&
    newest.older === undefined &&
    slot.updatedTo === 0 &&
    newest.version === slot.service.version &&
    mustLeave(newest) === undefined
  );
}

/** What was read may stand at any address, in the midst of something larger. */
function copyBytes(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

/** Everything that is derived from the rows. */
function* rebuildIndices(state: ClusterState): Generator<void> {
  const { tables } = state;
  for (const numbered of [tables.services, tables.versions, tables.nodes, tables.slots, tables.tasks]) {
    numbered.adopt();
    yield;
  }
  for (const row of tables.slots.rows()) {
    if (row % PAGE_ROWS === 0) yield;
    const slot = tables.slotAt(row);
    const { service, number } = slot;
    service.slots.set(number, slot);
    if (slot.occupied) service.occupiedSlots += 1;
    if (number > service.highestSlot) service.highestSlot = number;
    const { node } = slot;
    if (node) service.places.set(node.handle, number);
  }
  for (const row of tables.tasks.rows()) {
    if (row % PAGE_ROWS === 0) yield;
    const task = tables.taskAt(row);
    tables.taskRows.set(task.id, row);
    tables.countTask(task, 1);
    task.service.tasks.size += 1;
    task.version.tasks += 1;
    if (task.node) task.node.tasks.size += 1;
    enterNode(task);
    holdAgain(task);
  }
  for (const service of state.services.values()) takeForService(tables.networks, service, service.addresses);
  for (const row of tables.slots.rows()) {
    if (row % PAGE_ROWS === 0) yield;
    const slot = tables.slotAt(row);
    const { newest } = slot;
    if (newest === undefined) indexSlot(slot);
    else if (!isAtRest(slot, newest)) for (const task of slot.tasks) indexTask(task);
  }
  for (const service of state.globalServices) {
    indexPlacesOf(state, service);
    yield;
  }
}
