// What a channel is: who says what to whom, on which subject.

export const roles = {
  user: 'Anyone who may publish intents under a name of their own: a person, a script, the CLI',
  orchestrator: 'Admits intents, and keeps every service as its spec says',
  allocator: 'Gives services what is unique in the cluster',
  scheduler: 'Gives tasks to nodes',
  dispatcher: 'Watches nodes, and tells them what to do',
  agent: 'Runs the tasks of one node',
  api: 'Answers queries from folded state',
  operator: 'A person who may declare records of the log void',
} as const;
export type Role = keyof typeof roles;

export interface Message {
  /** Also the name of its schema. */
  readonly name: string;
  readonly title: string;
  readonly summary: string;
  /** Answers an intent: `cause` is its sequence. */
  readonly isVerdict?: true;
  /** Of NATS, that it may have. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Channel {
  readonly name: string;
  /** With parameters in braces; none for a reply, which goes where the request says. */
  readonly address: string | null;
  readonly summary: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** The stream that keeps it; core NATS only when left out. */
  readonly stream?: string;
  readonly messages: readonly Message[];
  readonly senders: readonly Role[];
  readonly receivers: readonly Role[];
  /** The channel of the answers. */
  readonly reply?: string;
}

/** Those that fold the log. */
export const folders: readonly Role[] = ['orchestrator', 'allocator', 'scheduler', 'dispatcher', 'api'];
export const NODE = 'The id of the node';
export const TASK = 'The id of the task';

/** Where what the server says of a message for a stream goes. */
export const ACKNOWLEDGEMENTS = 'acknowledgement';

export const EXPECTATION = {
  'Nats-Expected-Last-Subject-Sequence':
    'The last sequence of the subject that the writer knew, 0 for none; the server refuses the message when there is a younger one.',
};
