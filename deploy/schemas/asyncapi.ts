// The AsyncAPI 3.0 document: channels, and for each role what it sends and receives. Messages refer to docs/schema.
import { type Channel, type Message, type Role, roles } from './channels.ts';
import { nameFile } from './json-schemas.ts';

/** Of subjects and payloads together. */
const PROTOCOL_VERSION = '0.1.0';

export function generateAsyncApi(channels: readonly Channel[]): unknown {
  const messages = new Map(
    channels.flatMap((channel) => channel.messages).map((message) => [message.name, message]),
  );
  const replies = new Set(channels.map(({ reply }) => reply));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'muster',
      version: PROTOCOL_VERSION,
      description:
        'Everything that is said in a muster cluster. What has a stream is kept there; the rest is core NATS and may be lost.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      tags: Object.entries(roles).map(([name, description]) => ({ name, description })),
    },
    defaultContentType: 'application/json',
    servers: {
      nats: {
        host: 'localhost:4222',
        protocol: 'nats',
        description: 'nats-server 2.12 or newer, with JetStream',
      },
    },
    channels: fromEntries(channels.map((channel) => [channel.name, describeChannel(channel)])),
    operations: fromEntries(
      channels.flatMap((channel) => describeOperations(channel, replies.has(channel.name))),
    ),
    components: {
      messages: fromEntries(
        [...messages.values()].map((message) => [message.name, describeMessage(message)]),
      ),
    },
  };
}

function describeChannel({ address, summary, parameters, stream, messages }: Channel) {
  return {
    address,
    summary,
    ...(Object.keys(parameters).length > 0 && {
      parameters: fromEntries(
        Object.entries(parameters).map(([name, description]) => [name, { description }]),
      ),
    }),
    messages: fromEntries(messages.map(({ name }) => [name, { $ref: `#/components/messages/${name}` }])),
    ...(stream !== undefined && { 'x-jetstream-stream': stream }),
  };
}

function describeMessage({ name, title, summary }: Message) {
  return { name, title, summary, payload: { $ref: `./schema/${nameFile(name)}` } };
}

/** A channel of replies has no operations of its own: they belong to the requests. */
function describeOperations(channel: Channel, isReply: boolean): [string, unknown][] {
  if (isReply) return [];
  return [
    ...channel.senders.map((role) => describeOperation(channel, role, 'send')),
    ...channel.receivers.map((role) => describeOperation(channel, role, 'receive')),
  ];
}

function describeOperation(
  { name, summary, reply }: Channel,
  role: Role,
  action: 'send' | 'receive',
): [string, unknown] {
  return [
    `${role}.${action}.${name}`,
    {
      action,
      channel: { $ref: `#/channels/${name}` },
      summary,
      tags: [{ name: role }],
      ...(reply !== undefined && {
        reply: {
          address: { location: '$message.header#/reply', description: "The NATS message's reply subject" },
          channel: { $ref: `#/channels/${reply}` },
        },
      }),
    },
  ];
}

function fromEntries<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(entries);
}
