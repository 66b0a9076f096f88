// The state hash: equal states have equal hashes on any machine, in whatever order they came to be. It is the sum,
// modulo 2^128, of the first 128 bits of the SHA-256 of each row, written as canonical JSON (sorted keys).
import { sha256 } from '@muster/digests';
import { ownValue } from '@muster/model';
import type { ClusterState } from '../cluster/readonly.ts';
import { kinds } from '../kinds/kinds.ts';
import { listRows, type Row } from './rows.ts';

const MODULUS = 2n ** 128n;

/** 32 hexadecimal digits. */
export function hashState(state: ClusterState): string {
  const steps = hashRows(listRows(state));
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const ROWS_PER_STEP = 200;

/** The same step by step, each of a millisecond or so: of a captured state, whose rows stay as they are meanwhile. */
export function* hashRows(rows: Iterable<Row>): Generator<void, string> {
  let sum = 0n;
  let count = 0;
  for (const row of rows) {
    sum += hashRow(row);
    count += 1;
    if (count % ROWS_PER_STEP === 0) yield;
  }
  return (sum % MODULUS).toString(16).padStart(32, '0');
}

function hashRow(row: Row): bigint {
  const digest = sha256(JSON.stringify(hashedPart(row), sortKeys));
  return BigInt(`0x${digest.slice(0, 32)}`);
}

function hashedPart(row: Row): Row {
  const [name, ...fields] = row;
  const hashed = ownValue(kinds, name)?.hashed;
  return hashed ? [name, ...hashed(fields)] : row;
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const keys = Object.keys(value);
  for (let index = 1; index < keys.length; index += 1) {
    if (keys[index - 1]! > keys[index]!) {
      return Object.fromEntries(
        keys.sort().map((key) => [key, ownValue(value as Record<string, unknown>, key)]),
      );
    }
  }
  return value;
}
