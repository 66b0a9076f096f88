// The flags of health and readiness, and what they mean to one another: docker's rules (cli/command/service: opts.go, update.go).
import { ownValue } from '@muster/model';
import { InvalidArgumentError } from 'commander';
import { usageError } from '../errors.ts';
import type { FlagValues } from './build-spec.ts';
import { type ScalarFlag, scalar } from './scalar-flag.ts';
import { durationValue, type Parse, wholeValue } from './values.ts';

const container = ['taskTemplate', 'containerSpec'];
const health = [...container, 'healthcheck'];
const ready = [...container, 'readiness'];

/** A command for the image's shell; none in an empty text. */
export const testValue: Parse<string[]> = (text) => (text === '' ? [] : ['CMD-SHELL', text]);

export const spanValue: Parse<number> = (text) => {
  const nanos = durationValue(text);
  if (nanos < 0) throw new InvalidArgumentError('duration cannot be negative.');
  return nanos;
};

const healthFlags: readonly ScalarFlag[] = [
  scalar(
    '--health-cmd <command>',
    'command that shows whether a task is healthy',
    [...health, 'test'],
    testValue,
  ),
  scalar(
    '--health-interval <duration>',
    "time between health checks (the image's, or 30s)",
    [...health, 'interval'],
    spanValue,
  ),
  scalar(
    '--health-timeout <duration>',
    "most time for one health check (the image's, or 30s)",
    [...health, 'timeout'],
    spanValue,
  ),
  scalar(
    '--health-retries <n>',
    "failures in a row that make a task unhealthy (the image's, or 3)",
    [...health, 'retries'],
    wholeValue,
  ),
  scalar(
    '--health-start-period <duration>',
    'time for a task to start, in which failures do not count',
    [...health, 'startPeriod'],
    spanValue,
  ),
  scalar(
    '--health-start-interval <duration>',
    'time between health checks meanwhile (5s)',
    [...health, 'startInterval'],
    spanValue,
  ),
];

const readyFlags: readonly ScalarFlag[] = [
  scalar(
    '--ready-cmd <command>',
    'command that shows whether a task is to be sent anything',
    [...ready, 'test'],
    testValue,
  ),
  scalar('--ready-interval <duration>', 'time between its runs (5s)', [...ready, 'interval'], spanValue),
  scalar('--ready-timeout <duration>', 'most time for one of them (5s)', [...ready, 'timeout'], spanValue),
  scalar(
    '--ready-retries <n>',
    'failures in a row that stop traffic to a task (3)',
    [...ready, 'retries'],
    wholeValue,
  ),
];

export const checkFlags: readonly ScalarFlag[] = [...healthFlags, ...readyFlags];

/** Commander's for `--no-healthcheck`: false where it is given. */
export const NO_HEALTHCHECK = 'healthcheck';

interface Checked {
  healthcheck?: { test?: string[] };
  readiness?: { test?: string[] };
}

/** Of a container whose own flags are in it already. */
export function settleChecks(checked: Checked, flags: FlagValues): void {
  const isGiven = ({ attribute }: ScalarFlag) => ownValue(flags, attribute) !== undefined;
  if (flags[NO_HEALTHCHECK] === false) {
    if (healthFlags.some(isGiven)) throw usageError('--no-healthcheck conflicts with --health-* options');
    checked.healthcheck = { test: ['NONE'] };
  } else if (healthFlags.some(isGiven) && checked.healthcheck?.test?.[0] === 'NONE') {
    checked.healthcheck.test = [];
  }
  if (ownValue(flags, 'readyCmd') !== undefined && checked.readiness?.test?.length === 0)
    delete checked.readiness;
}
