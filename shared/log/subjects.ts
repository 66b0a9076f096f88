// Subjects and patterns with NATS wildcards: `*` is one token, `>` is one or more at the end. Pure.
import {
  COMMAND_SUBJECTS,
  commandSubject,
  type EndpointsOf,
  EVENT_SUBJECTS,
  endpointsSubject,
  INTENT_SUBJECTS,
  MAX_SUBJECT_BYTES,
  parseEndpointsSubject,
} from '@muster/events';

/** What the log takes; everything else is refused before it is sent. */
export const LOG_SUBJECTS: readonly string[] = [INTENT_SUBJECTS, EVENT_SUBJECTS];

export type SubjectTest = (subject: string) => boolean;

const everySubject: SubjectTest = () => true;

/** A test for "matches any of these patterns"; every subject passes when they are left out. */
export function matchSubjects(patterns: readonly string[] | undefined): SubjectTest {
  if (patterns === undefined) return everySubject;
  const tests = patterns.map(matchSubject);
  const [first, ...others] = tests;
  if (first === undefined) throw new TypeError('subjects: name at least one, or leave them out');
  return others.length === 0 ? first : (subject) => tests.some((test) => test(subject));
}

export function matchSubject(pattern: string): SubjectTest {
  checkLength(pattern);
  if (pattern === '>') return everySubject;
  const wildcardAt = pattern.search(/[*>]/);
  if (wildcardAt === -1) return (subject) => subject === pattern;
  if (wildcardAt === pattern.length - 1 && pattern.endsWith('.>')) {
    const prefix = pattern.slice(0, -1);
    return (subject) => subject.length > prefix.length && subject.startsWith(prefix);
  }
  const wanted = pattern.split('.');
  return (subject) => covers(wanted, subject.split('.'));
}

/** The same patterns without those that another one covers: a server refuses filters that overlap. */
export function reducePatterns(patterns: readonly string[]): string[] {
  const distinct = [...new Set(patterns)];
  return distinct.filter(
    (pattern) => !distinct.some((other) => other !== pattern && covers(other.split('.'), pattern.split('.'))),
  );
}

/** Whether everything that `narrow` (a subject or a pattern) matches is matched by `wide`. */
function covers(wide: readonly string[], narrow: readonly string[]): boolean {
  for (let index = 0; index < wide.length; index += 1) {
    const token = wide[index];
    const other = narrow[index];
    if (other === undefined) return false;
    if (token === '>') return true;
    if (token === '*' ? other === '>' : token !== other) return false;
  }
  return wide.length === narrow.length;
}

/** Refuses what can't be published: empty tokens, blanks, wildcards, and what no line of the protocol has room for. */
export function checkSubject(subject: string): void {
  checkLength(subject);
  if (!/^[^\s.*>]+(\.[^\s.*>]+)*$/.test(subject)) {
    throw new TypeError(`"${subject}" is not a subject that can be published on`);
  }
}

function checkLength(subject: string): void {
  if (subject.length <= MAX_SUBJECT_BYTES) return;
  throw new TypeError(`a subject of ${subject.length} characters is too long for NATS`);
}

const isLogSubject = matchSubjects(LOG_SUBJECTS);

export function checkLogSubject(subject: string): void {
  checkSubject(subject);
  if (!isLogSubject(subject)) {
    throw new TypeError(`"${subject}" is not a subject of the log (${LOG_SUBJECTS.join(', ')})`);
  }
}

const isCommandSubject = matchSubject(COMMAND_SUBJECTS);

/** The subject of a task's command; refuses names that aren't one token each. */
export function checkedCommandSubject(nodeId: string, taskId: string): string {
  const subject = commandSubject(nodeId, taskId);
  checkSubject(subject);
  if (!isCommandSubject(subject)) throw new TypeError(`"${subject}" is not the subject of a command`);
  return subject;
}

/** The same for endpoints. */
export function checkedEndpointsSubject(of: EndpointsOf): string {
  const subject = endpointsSubject(of);
  checkSubject(subject);
  if (!parseEndpointsSubject(subject)) throw new TypeError(`"${subject}" is not the subject of endpoints`);
  return subject;
}
