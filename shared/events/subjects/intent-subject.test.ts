import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkIntentSubject, intentSubject, parseIntentSubject } from './intent-subject.ts';

const token = fc
  .string({ minLength: 1, maxLength: 12 })
  .filter((text) => !/[\s.*>]/.test(text) && !text.startsWith('@'));
const name = fc.array(token, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('.'));
const team = fc.oneof(
  fc.constant(''),
  fc.stringMatching(/^[a-z0-9][a-z0-9_-]{0,20}$/).filter((text) => text !== 'default'),
);

describe('the subject of an intent', () => {
  it('is read as it was made, of any team, with any name', () => {
    fc.assert(
      fc.property(team, token, token, token, fc.option(name, { nil: undefined }), (...parts) => {
        const [team, actor, kind, verb, name] = parts;
        const subject = intentSubject(actor, kind, verb, name, team);
        expect(parseIntentSubject(subject)).toEqual({ team, actor, kind, verb, name });
      }),
    );
  });

  it('of the default team is what it was before there were teams', () => {
    expect(intentSubject('ana', 'service', 'apply', 'web')).toBe('muster.intent.ana.service.apply.web');
    expect(intentSubject('ana', 'service', 'apply')).toBe('muster.intent.ana.service.apply');
  });

  it('of a team has it for its first token, and names keep their dots', () => {
    expect(intentSubject('ana', 'secret', 'create', 'ssl.crt', 'payments')).toBe(
      'muster.intent.@payments.ana.secret.create.ssl.crt',
    );
  });

  it.each(['', 'a.b', '*', '>', 'a b', 'a\tb', 'a*', 'a'.repeat(256), '@a'])('is not made of %j', (bad) => {
    expect(() => intentSubject(bad, 'service', 'apply', 'web')).toThrow(TypeError);
    expect(() => intentSubject('ana', bad, 'apply', 'web')).toThrow(TypeError);
  });

  it.each(['', '.', '.a', 'a.', 'a..b', 'a b', '*', 'a.>', 'a\nb', 'a'.repeat(256)])(
    'is not made with the name %j',
    (bad) => {
      expect(() => intentSubject('ana', 'service', 'apply', bad)).toThrow(TypeError);
    },
  );

  it.each(['@', '@a', 'Payments', 'a.b', 'a b', '-a', 'default', 'a'.repeat(64)])(
    'is not made with the team %j',
    (bad) => {
      expect(() => intentSubject('ana', 'service', 'apply', 'web', bad)).toThrow(TypeError);
    },
  );
});

describe('an intent somewhere wrong', () => {
  it.each([
    ['muster.intent.@.ana.service.apply.web', 'team', /invalid team "@"/],
    ['muster.intent.@Payments.ana.service.apply.web', 'team', /invalid team "Payments"/],
    ['muster.intent.@default.ana.service.apply.web', 'team', /leave the team out/],
    ['muster.intent.@payments.@ana.service.apply.web', 'actor', /only a team begins with "@"/],
    ['muster.intent.ana.@payments.service.apply.web', 'team', /stands before the actor/],
    ['muster.intent.@payments', 'actor', /names no actor/],
    ['muster.intent.', 'actor', /names no actor/],
    ['muster.intent.ana.service.apply.a..b', 'name', /invalid name "a..b"/],
    ['muster.intent.ana.service.apply.a.', 'name', /invalid name "a."/],
    ['muster.intent.ana.service.apply.', 'name', /invalid name ""/],
    [`muster.intent.ana.service.apply.${'a.'.repeat(200)}a`, 'name', /255 characters/],
    [`muster.intent.${'a'.repeat(300)}.service.apply.web`, 'actor', /255 characters/],
  ])('%s: its %s is refused', (subject, field, message) => {
    const refusal = checkIntentSubject(parseIntentSubject(subject)!);
    expect(refusal).toMatchObject({ kind: 'invalid', field, message: expect.stringMatching(message) });
  });

  it('is nothing of the sort', () => {
    for (const subject of [
      'muster.intent.ana.service.apply.web',
      'muster.intent.@payments.ana.service.apply.web',
      'muster.intent.ana.secret.create.ssl.crt',
      'muster.intent.ana.service.apply',
    ])
      expect(checkIntentSubject(parseIntentSubject(subject)!)).toBeUndefined();
  });
});
