import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventKinds, eventSubject, parseEventSubject, writers } from './subjects.ts';

const token = fc.string({ minLength: 1, maxLength: 12 }).filter((text) => !/[\s.*>]/.test(text));

describe('subjects', () => {
  it('of events are read as they were made', () => {
    fc.assert(
      fc.property(fc.constantFrom(...writers), fc.constantFrom(...eventKinds), token, (writer, kind, id) => {
        expect(parseEventSubject(eventSubject(writer, kind, id))).toEqual({ writer, kind, id });
      }),
    );
  });
});
