// One step of a packet's way.

export interface Step {
  /** Doubt: it may stop here, or nobody can tell. */
  readonly level: 'ok' | 'doubt' | 'stops';
  readonly what:
    | 'task'
    | 'network'
    | 'node'
    | 'name'
    | 'address'
    | 'rules'
    | 'link'
    | 'route'
    | 'port'
    | 'try';
  readonly says: string;
  /** What to do about it. */
  readonly advice?: string;
}

type Says = (says: string, advice?: string) => Step;

const levelled =
  (level: Step['level']) =>
  (what: Step['what']): Says =>
  (says, advice) => ({ level, what, says, ...(advice !== undefined && { advice }) });

export const passes = levelled('ok');
export const stops = levelled('stops');
export const doubts = levelled('doubt');
