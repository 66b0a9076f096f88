import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  eventKinds,
  eventSubject,
  intentSubject,
  parseEventSubject,
  parseIntentSubject,
  writers,
} from './subjects.ts';

const token = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !/[\s.*>]/.test(text));

describe('subjects', () => {
  it('of events are read as they were made', () => {
    fc.assert(
      fc.property(fc.constantFrom(...writers), fc.constantFrom(...eventKinds), token, (writer, kind, id) => {
        expect(parseEventSubject(eventSubject(writer, kind, id))).toEqual({ writer, kind, id });
      }),
    );
  });

  it('of intents are read as they were made', () => {
    fc.assert(
      fc.property(token, token, token, fc.option(token, { nil: undefined }), (actor, kind, verb, name) => {
        expect(parseIntentSubject(intentSubject(actor, kind, verb, name))).toEqual({
          actor,
          kind,
          verb,
          name,
        });
      }),
    );
  });

  it.each(['', 'a.b', '*', '>', 'a b', 'a\tb', 'a*'])('are not made of %j', (bad) => {
    expect(() => intentSubject(bad, 'service', 'apply', 'web')).toThrow(TypeError);
    expect(() => intentSubject('ana', 'service', 'apply', bad)).toThrow(TypeError);
  });
});
