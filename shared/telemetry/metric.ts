// What a metric is: its name, what it says, and how it is read from a look at one copy of a role. Pure. Copies of one
// role in one process are one series: counters add up, and of gauges the worse counts.
import type { Durations } from './durations.ts';
import type { RoleReading } from './observed.ts';

export type Labels = Readonly<Record<string, string>>;
export type Sample = readonly [value: number | undefined, labels?: Labels];

interface Described {
  readonly name: string;
  readonly help: string;
}

export interface ValueMetric extends Described {
  readonly type: 'counter' | 'gauge';
  /** How the values of several copies become one; a sum when left out. */
  readonly merge?: 'most' | 'least';
  /** Beside `role`. */
  readonly labels?: readonly string[];
  /** Undefined values are left out. */
  read(reading: RoleReading): readonly Sample[];
}

export interface DurationMetric extends Described {
  readonly type: 'histogram';
  read(reading: RoleReading): Durations;
}

export type Metric = ValueMetric | DurationMetric;

export const one = (value: number | undefined): Sample[] => [[value]];
export const each = (label: string, values: Readonly<Record<string, number>> = {}): Sample[] =>
  Object.entries(values).map(([name, value]) => [value, { [label]: name }]);
export const flag = (value: boolean | undefined): Sample[] =>
  one(value === undefined ? undefined : Number(value));

export function counter(
  name: string,
  help: string,
  read: (reading: RoleReading) => number | undefined,
): ValueMetric {
  return { name, help, type: 'counter', read: (reading) => one(read(reading)) };
}
