// A backend may say what the log could not hold (an exit code that is no number). What is odd in a status is left out,
// rather than the status, or the report of thousands that it is part of.
import { checkOf, type Issue, type TaskStatus, tasksReported } from '@muster/events';

/** Without what is odd in it: undefined when nothing is left that says what happened. */
export interface Readable {
  readonly status: TaskStatus | undefined;
  readonly oddities: readonly Oddity[];
}

export interface Oddity {
  readonly field: string;
  readonly why: string;
}

const check = checkOf(tasksReported as never, tasksReported.version);
const envelope = {
  v: tasksReported.version,
  type: tasksReported.type,
  writer: tasksReported.writer,
  cause: 0,
  at: '2026-01-01T00:00:00Z',
  nodeId: 'n',
  session: 's',
};

export function readStatus(status: TaskStatus): Readable {
  const oddities: Oddity[] = [];
  let current: Record<string, unknown> = { ...status };
  for (;;) {
    const issue = findIssue(current);
    if (!issue) return { status: current as TaskStatus, oddities };
    const field = issue.path.split('.')[2] ?? '';
    oddities.push({ field, why: issue.message });
    if (!Object.hasOwn(current, field)) return { status: undefined, oddities };
    const { [field]: _, ...rest } = current;
    current = rest;
  }
}

function findIssue(status: unknown): Issue | undefined {
  return check.find({ ...envelope, statuses: [status], gone: [] });
}
