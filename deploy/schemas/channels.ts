// Who says what to whom, on which subject: what the AsyncAPI document and the table of subjects are made from.
import { queryNames } from '@muster/api';
import {
  acceptances,
  catalogue,
  type EventKind,
  type EventType,
  type IntentDefinition,
  intents,
  type Writer,
} from '@muster/events';
import { listEndpointChannels } from './endpoint-channels.ts';

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

const folders: readonly Role[] = ['orchestrator', 'allocator', 'scheduler', 'dispatcher', 'api'];
const NODE = 'The id of the node';
const TASK = 'The id of the task';

/** What an intent comes to; one of these names it as its cause. */
export const verdicts: readonly EventType[] = [...acceptances, 'intent.satisfied', 'intent.rejected'];

/** Where what the server says of a message for a stream goes. */
export const ACKNOWLEDGEMENTS = 'acknowledgement';

export function listChannels(): Channel[] {
  return [
    acknowledgementChannel,
    ...intentChannels(),
    ...eventChannels(),
    commandChannel,
    toldChannel,
    ...listEndpointChannels(EXPECTATION),
    ...agentChannels,
    copyChannel,
    askChannel,
    ...queryChannels(),
    ...statsChannels(),
  ];
}

const acknowledgementChannel: Channel = {
  name: ACKNOWLEDGEMENTS,
  address: null,
  summary: 'What the server says of a message that a stream is to keep.',
  parameters: {},
  messages: [
    {
      name: 'acknowledgement',
      title: 'acknowledgement',
      summary:
        'It is kept, with this sequence, or why not. Says nothing of what it leads to: for an intent, wait for its verdict.',
    },
  ],
  senders: [],
  receivers: [],
};

/** Each in two forms: of the default team, and of another. */
function intentChannels(): Channel[] {
  const ofTeam = {
    team: 'Whose services are meant, in lower case. Permissions can pin it, and the actor after it.',
  };
  return intents.flatMap((definition) => [
    intentChannel(definition, 'intent', 'muster.intent.', {}),
    intentChannel(definition, 'team.intent', 'muster.intent.@{team}.', ofTeam),
  ]);
}

function intentChannel(
  { kind, verb, description }: IntentDefinition,
  form: string,
  prefix: string,
  ofTeam: Channel['parameters'],
): Channel {
  return {
    name: `${form}.${kind}.${verb}`,
    address: `${prefix}{actor}.${kind}.${verb}.{name}`,
    summary: description,
    parameters: {
      ...ofTeam,
      actor:
        'Who asks. Permissions let a user publish under its own name only. Does not begin with "@", which marks a team.',
      name: `The name of the ${kind}: all that is left of the subject, dots and all. May be left out, with its dot, where the body has it.`,
    },
    stream: 'MUSTER_LOG',
    messages: [
      {
        name: `intent.${kind}.${verb}`,
        title: `${kind} ${verb}`,
        summary: description,
        headers: INTENT_ID,
      },
    ],
    senders: ['user'],
    receivers: folders,
  };
}

const INTENT_ID = {
  'Nats-Msg-Id':
    "An id of the sender's own, for an intent that may have to be asked for again. Of two messages with one, within two minutes, the second is not stored, whatever it says and whatever its subject is: it is acknowledged with `duplicate` and the sequence of the first.",
};

const EXPECTATION = {
  'Nats-Expected-Last-Subject-Sequence':
    'The last sequence of the subject that the writer knew, 0 for none; the server refuses the message when there is a younger one.',
};

const ids: Readonly<Record<EventKind, readonly [parameter: string, description: string]>> = {
  cluster: ['cluster', 'Always `self`: the cluster whose log this is'],
  service: ['serviceId', 'The id of the service'],
  node: ['nodeId', NODE],
  network: ['networkId', 'The id of the network'],
  intent: ['intent', 'The log sequence of the intent'],
  quarantine: ['record', 'The log sequence of the record'],
  void: ['actor', 'Who declares it. Permissions let a user publish under its own name only'],
};

const abouts: Readonly<Record<EventKind, string>> = {
  cluster: 'a cluster',
  service: 'a service',
  node: 'a node',
  network: 'a network',
  intent: 'an intent',
  quarantine: 'an invalid record',
  void: 'a record that is void',
};

function eventChannels(): Channel[] {
  const channels = new Map<string, Channel & { messages: Message[] }>();
  for (const { writer, kind, type, description } of catalogue) {
    const name = `event.${writer}.${kind}`;
    const channel = channels.get(name) ?? makeEventChannel(name, writer, kind);
    channel.messages.push({
      name: `event.${type}`,
      title: type,
      summary: description,
      ...(verdicts.includes(type) && { isVerdict: true }),
      headers: EXPECTATION,
    });
    channels.set(name, channel);
  }
  return [...channels.values()];
}

function makeEventChannel(name: string, writer: Writer, kind: EventKind): Channel & { messages: Message[] } {
  const [parameter, description] = ids[kind];
  const about = abouts[kind];
  return {
    name,
    address: `muster.event.${writer}.${kind}.{${parameter}}`,
    summary: `What the ${writer} says about ${about}.`,
    parameters: { [parameter]: description },
    stream: 'MUSTER_LOG',
    messages: [],
    senders: [writer],
    receivers: folders,
  };
}

const COMMAND_HEADERS = {
  ...EXPECTATION,
  'Nats-Subject': 'Where it is repeated: the subject on which it is kept.',
  'Nats-Sequence': 'Where it is repeated: the sequence with which it is kept.',
};

const commandChannel: Channel = {
  name: 'command',
  address: 'muster.command.{nodeId}.{taskId}',
  summary: 'What is wanted of a task on its node. Only the last command of each task is kept.',
  parameters: { nodeId: NODE, taskId: TASK },
  stream: 'MUSTER_COMMANDS',
  messages: [
    {
      name: 'command.task',
      title: 'task',
      summary: 'The task as it is to be, whole.',
      headers: COMMAND_HEADERS,
    },
    {
      name: 'command.forget',
      title: 'forget',
      summary: 'The cluster has forgotten the task: remove it.',
      headers: COMMAND_HEADERS,
    },
  ],
  senders: ['dispatcher'],
  receivers: ['agent', 'dispatcher'],
};

const { stream: _kept, ...commandToTell } = commandChannel;
const toldChannel: Channel = {
  ...commandToTell,
  name: 'told',
  address: 'muster.told.{nodeId}.{taskId}',
  summary:
    'Every command that was stored, repeated by the server with its sequence in the header `Nats-Sequence`.',
  receivers: ['agent'],
};

const agentChannels: readonly Channel[] = [
  {
    name: 'heartbeat',
    address: 'muster.heartbeat.{nodeId}',
    summary: 'Said once a period, five seconds unless configured.',
    parameters: { nodeId: NODE },
    messages: [{ name: 'heartbeat', title: 'heartbeat', summary: 'The agent is alive, and can run tasks.' }],
    senders: ['agent'],
    receivers: ['dispatcher'],
  },
  {
    name: 'ping',
    address: 'muster.ping.{nodeId}',
    summary:
      'Asks whether the agent is there, with an empty message. Nobody listens once its process has died.',
    parameters: { nodeId: NODE },
    messages: [{ name: 'heartbeat', title: 'heartbeat', summary: 'The answer: it is there.' }],
    senders: ['dispatcher'],
    receivers: ['agent'],
  },
  {
    name: 'log',
    address: 'muster.log.{nodeId}',
    summary: 'Asks for the output of a task, says how much has arrived, and ends it.',
    parameters: { nodeId: NODE },
    messages: [{ name: 'log.request', title: 'log request', summary: 'Read, more, or stop.' }],
    senders: ['user'],
    receivers: ['agent'],
    reply: 'log.reply',
  },
  {
    name: 'log.reply',
    address: null,
    summary: 'The output of a task, in numbered parts.',
    parameters: {},
    messages: [{ name: 'log.part', title: 'log part', summary: 'Lines, the end, or an error.' }],
    senders: ['agent'],
    receivers: ['user'],
  },
  {
    name: 'exec',
    address: 'muster.exec.{nodeId}',
    summary: 'Runs a command in a task.',
    parameters: { nodeId: NODE },
    messages: [{ name: 'exec.request', title: 'exec request', summary: 'The task and the command.' }],
    senders: ['user'],
    receivers: ['agent'],
    reply: 'exec.reply',
  },
  {
    name: 'exec.reply',
    address: null,
    summary: 'What came of the command.',
    parameters: {},
    messages: [{ name: 'exec.answer', title: 'exec answer', summary: 'Exit code and output, or why not.' }],
    senders: ['agent'],
    receivers: ['user'],
  },
];

const reducers = folders.filter((role) => role !== 'api');
const copyChannel: Channel = {
  name: 'copy',
  address: 'muster.copy.{role}.{copy}',
  summary:
    'Says to the other copies of the role that this one is there: the text `hello`, `here` once a second, or `bye`; the first two with the wire version that the copy reads and with who it is: `here 2 api-7 on one`. A hint. One that takes no part for now says it on `muster.copy.<role>.<copy>.aside`.',
  parameters: { role: 'The reducer, or `api`', copy: 'Drawn when the copy started' },
  messages: [],
  senders: folders,
  receivers: reducers,
};

const askChannel: Channel = {
  name: 'ask',
  address: 'muster.ask.{role}.{copy}',
  summary:
    'Asks a copy whether it lives, before its work is done by another one; the payload is empty. It answers with how far it has read the log and how much it has in line: `at 4711, 3 queued`. Nobody else may listen here: that nobody does says that it is gone.',
  parameters: { role: 'The reducer, or `api`', copy: 'Drawn when the copy started' },
  messages: [],
  senders: reducers,
  receivers: folders,
};

/** Every copy answers, not one of them. */
function statsChannels(): Channel[] {
  const asked = {
    control: [...reducers, 'api'],
    agent: ['agent'],
  } as const;
  return [
    ...Object.entries(asked).map(
      ([name, receivers]): Channel => ({
        name: `stats.${name}`,
        address: `muster.stats.${name}`,
        summary: 'Asks every process how its copies are; the payload is empty.',
        parameters: {},
        messages: [],
        senders: ['user'],
        receivers,
        reply: 'stats.reply',
      }),
    ),
    {
      name: 'stats.reply',
      address: null,
      summary: 'How the copies of a process are; one of many answers.',
      parameters: {},
      messages: [
        { name: 'stats.answer', title: 'stats answer', summary: 'Figures since the start of the process.' },
      ],
      senders: [],
      receivers: [],
    },
  ];
}

const ERROR_HEADERS = {
  'Nats-Service-Error':
    'There when the question was refused: the message of `error`, on one line of at most 200 characters.',
  'Nats-Service-Error-Code':
    'Its kind: 400 invalid, 404 not-found, 409 conflict, 500 internal, 501 unsupported, 503 timeout.',
};

function queryChannels(): Channel[] {
  return queryNames.flatMap((query): Channel[] => [
    {
      name: `query.${query}`,
      address: `muster.query.${query}`,
      summary: `Asks for ${query}.`,
      parameters: {},
      messages: [
        { name: `query.${query}.request`, title: `${query} request`, summary: `Asks for ${query}.` },
      ],
      senders: ['user'],
      receivers: ['api'],
      reply: `query.${query}.reply`,
    },
    {
      name: `query.${query}.reply`,
      address: null,
      summary: `Answers ${query}.`,
      parameters: {},
      messages: [
        {
          name: `query.${query}.answer`,
          title: `${query} answer`,
          summary: `Answers ${query}.`,
          headers: ERROR_HEADERS,
        },
      ],
      senders: ['api'],
      receivers: ['user'],
    },
  ]);
}
