// What agents are told, and what they tell and are asked.
import { type Channel, EXPECTATION, type Message, NODE, TASK } from './channel.ts';

const COMMAND_HEADERS = {
  ...EXPECTATION,
  'Nats-Subject': 'Where it is repeated: the subject on which it is kept.',
  'Nats-Sequence': 'Where it is repeated: the sequence with which it is kept.',
};

export const commandChannel: Channel = {
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
export const toldChannel: Channel = {
  ...commandToTell,
  name: 'told',
  address: 'muster.told.{nodeId}.{taskId}',
  summary:
    'Every command that was stored, repeated by the server with its sequence in the header `Nats-Sequence`.',
  receivers: ['agent'],
};

const goneMessage: Message = {
  name: 'endpoints.gone',
  title: 'gone',
  summary: 'The network is gone, or the service is on it no more. Goes by itself after an hour.',
  headers: EXPECTATION,
};

export const endpointChannels: readonly Channel[] = [
  {
    name: 'endpoints.network',
    address: 'muster.endpoints.network.{networkId}',
    summary: 'A network with the nodes that have blocks of it. Only the last message is kept.',
    parameters: { networkId: 'The id of the network' },
    stream: 'MUSTER_ENDPOINTS',
    messages: [
      {
        name: 'endpoints.network',
        title: 'network',
        summary: 'The network as it is, whole.',
        headers: EXPECTATION,
      },
      goneMessage,
    ],
    senders: ['dispatcher'],
    receivers: ['agent', 'dispatcher'],
  },
  {
    name: 'endpoints.service',
    address: 'muster.endpoints.service.{networkId}.{serviceId}',
    summary:
      'Who answers for a service on a network: running tasks that are to run. Only the last message is kept.',
    parameters: { networkId: 'The id of the network', serviceId: 'The id of the service' },
    stream: 'MUSTER_ENDPOINTS',
    messages: [
      {
        name: 'endpoints.service',
        title: 'service',
        summary: 'The service on that network as it is, whole.',
        headers: EXPECTATION,
      },
      goneMessage,
    ],
    senders: ['dispatcher'],
    receivers: ['agent', 'dispatcher'],
  },
  {
    name: 'follows',
    address: 'muster.follows.{nodeId}',
    summary: 'How far a node goes by the endpoints that are stored.',
    parameters: { nodeId: NODE },
    messages: [
      {
        name: 'follows',
        title: 'follows',
        summary: 'The node goes by all endpoints up to this sequence of their stream.',
      },
    ],
    senders: ['agent'],
    receivers: ['dispatcher'],
  },
];

export const agentChannels: readonly Channel[] = [
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
  {
    name: 'network',
    address: 'muster.network.{nodeId}',
    summary: 'Asks what the node has of its networks, and what its kernel does with packets.',
    parameters: { nodeId: NODE },
    messages: [{ name: 'network.request', title: 'network request', summary: 'Which way is asked about.' }],
    senders: ['user'],
    receivers: ['agent'],
    reply: 'network.reply',
  },
  {
    name: 'network.reply',
    address: null,
    summary: 'What the node found.',
    parameters: {},
    messages: [{ name: 'network.answer', title: 'network answer', summary: 'What there is, or why not.' }],
    senders: ['agent'],
    receivers: ['user'],
  },
];
