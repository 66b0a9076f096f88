import { expect, it } from 'vitest';
import { explainTooOld } from './describe-engine.ts';

it.each(['1.25', '1.26', '1.51', '2.0', 'unreadable', ''])(
  'takes an engine that speaks API "%s"',
  (ApiVersion) => {
    expect(explainTooOld({ Version: '17.03.0', ApiVersion })).toBeUndefined();
  },
);

it.each(['1.24', '1.9', '0.30'])(
  'refuses one that speaks API %s: it would leave out what is asked for',
  (ApiVersion) => {
    expect(explainTooOld({ Version: '1.12.6', ApiVersion })).toBe(
      `is of version 1.12.6 and speaks API ${ApiVersion}, and 1.25 is needed: upgrade it`,
    );
  },
);
