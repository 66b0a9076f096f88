// What the state keeps of one kind of object: written down as rows of JSON, and read back. The hash is made of the same rows.
// What is absent is left out of them, and forms are as they were stored: a field that comes later changes no hash of a log
// without it.
import type { ClusterState as ReadOnlyState } from '../cluster/readonly.ts';
import type { ClusterState } from '../cluster/state.ts';

/** What the tables know an object by, to be found again by its key. */
export type Link = readonly [key: string, handle: number, ...more: readonly number[]];
export type FindLink = (key: string) => Link;

export interface ObjectKind<Fields extends readonly unknown[] = readonly unknown[]> {
  /** Of every object its fields. They never change afterwards, whatever becomes of the state. */
  list(state: ReadOnlyState): Iterable<Fields>;
  restore(state: ClusterState, fields: Fields, link: FindLink): void;
  /** Of objects that rows of tables name. */
  link?(state: ReadOnlyState): Iterable<Link>;
  /** What of them counts for the hash; all when left out. */
  hashed?(fields: Fields): readonly unknown[];
}

export function defineKind<Fields extends readonly unknown[]>(kind: ObjectKind<Fields>): ObjectKind {
  return kind as unknown as ObjectKind;
}

/** A form as a row has it: as it was stored, with its wire version unless that is the first. */
export type StoredForm<Fact extends string> = { readonly [Key in Fact]: unknown } & {
  readonly wire?: number;
};

/** Wire versions, left out where they are the first. */
export function younger(versions: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(versions).filter(([, version]) => version > 1));
}
