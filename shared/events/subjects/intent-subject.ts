// The subjects of intents: `muster.intent.[@<team>.]<actor>.<kind>.<verb>[.<name>]`. A first token that begins with "@" is
// the team, so that a permission for one token pins it; the name is all that is left, dots and all (ADR 19).
import { checkTeamName, DEFAULT_TEAM, type Refusal, refuse } from '@muster/model';

export const INTENT_FORM = 'muster.intent.[@<team>.]<actor>.<kind>.<verb>[.<name>]';
const PREFIX = 'muster.intent.';
const TEAM_MARK = '@';

/** Characters that may not stand in any token of a subject. */
const UNSAFE = /[\s*>]/;
/** Of an actor, a kind, a verb or a name: together they stay below what a server takes for one subject. */
const MAX_LENGTH = 255;

export interface IntentSubject {
  /** '' is the default team. */
  readonly team: string;
  readonly actor: string;
  readonly kind: string;
  readonly verb: string;
  readonly name: string | undefined;
}

/** Throws a TypeError when one of them can't stand there. */
export function intentSubject(
  actor: string,
  kind: string,
  verb: string,
  name?: string,
  team: string = DEFAULT_TEAM,
): string {
  const refusal = checkIntentSubject({ team, actor, kind, verb, name });
  if (refusal) throw new TypeError(refusal.message);
  for (const token of [actor, kind, verb]) {
    if (token === '' || token.includes('.') || UNSAFE.test(token))
      throw new TypeError(`"${token}" can't be one token of a subject`);
  }
  if (name !== undefined && UNSAFE.test(name)) throw new TypeError(`"${name}" can't stand in a subject`);
  const tokens = [...(team === DEFAULT_TEAM ? [] : [TEAM_MARK + team]), actor, kind, verb];
  return PREFIX + [...tokens, ...(name === undefined ? [] : [name])].join('.');
}

/** Whether it can be the name in a subject; what can't may still stand in the body. */
export function canNameInSubject(name: string): boolean {
  return name.length <= MAX_LENGTH && !UNSAFE.test(name) && !hasEmptyToken(name);
}

function hasEmptyToken(name: string): boolean {
  return name.split('.').includes('');
}

/** Anything under `muster.intent.` is somebody's intent: missing tokens come back empty, and are refused later. */
export function parseIntentSubject(subject: string): IntentSubject | undefined {
  if (!subject.startsWith(PREFIX)) return undefined;
  const tokens = subject.slice(PREFIX.length).split('.');
  const team = tokens[0]!.startsWith(TEAM_MARK) ? readTeam(tokens.shift()!) : DEFAULT_TEAM;
  const [actor = '', kind = '', verb = '', ...name] = tokens;
  return { team, actor, kind, verb, name: name.length > 0 ? name.join('.') : undefined };
}

/** A mark alone stays as it is, to be refused: it must not pass for the default team. */
function readTeam(token: string): string {
  return token === TEAM_MARK ? token : token.slice(TEAM_MARK.length);
}

/** What is wrong with where an intent was published, whatever it asks for. */
export function checkIntentSubject({ team, actor, kind, verb, name }: IntentSubject): Refusal | undefined {
  const badTeam = team === DEFAULT_TEAM ? undefined : checkTeamName(team);
  if (badTeam) return badTeam;
  if (actor === '') return refuse('invalid', `the subject names no actor: ${INTENT_FORM}`, 'actor');
  if (actor.startsWith(TEAM_MARK))
    return refuse('invalid', `"${actor}" can't be an actor: only a team begins with "@"`, 'actor');
  if (kind.startsWith(TEAM_MARK))
    return refuse('invalid', `a team stands before the actor: ${INTENT_FORM}`, 'team');
  for (const [field, text] of Object.entries({ actor, kind, verb, name })) {
    if (text !== undefined && text.length > MAX_LENGTH)
      return refuse('invalid', `${field} must be ${MAX_LENGTH} characters or fewer in a subject`, field);
  }
  if (name !== undefined && hasEmptyToken(name))
    return refuse(
      'invalid',
      `invalid name "${name}": something must stand before, between and after dots`,
      'name',
    );
  return undefined;
}
