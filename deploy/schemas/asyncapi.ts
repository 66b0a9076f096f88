// The AsyncAPI 3.0 document: channels, and for each role what it sends and receives. Messages refer to docs/schema.
import { ACKNOWLEDGEMENTS, type Channel, type Message, type Role, roles } from './channels/channel.ts';
import { type Example, listExamples } from './examples.ts';
import { nameFile } from './json-schemas.ts';

/** Of subjects and payloads together. */
const PROTOCOL_VERSION = '0.1.0';

const DESCRIPTION = `Everything that is said in a muster cluster. What has a stream is kept there; the rest is core NATS and may be lost.

**To ask for something** is to publish an intent, as a request: the server acknowledges it with \`seq\`, its sequence in the log, or says why it does not keep it. What an intent comes to is an event whose \`cause\` is that sequence, a verdict: \`service.created\`, \`service.updated\` or \`service.removed\` accept it, \`intent.satisfied\` says that all is so already, \`intent.rejected\` why not. Follow \`muster.event.orchestrator.service.*\` and \`muster.event.orchestrator.intent.<seq>\` from the sequence after it. The first verdict stands; where two intents create the same name at the same time, the second \`service.created\` is void and a rejection follows.

**To ask again safely**, where no acknowledgement came, give each intent an id of your own in the header \`Nats-Msg-Id\` (\`nats pub -H Nats-Msg-Id:<id> muster.intent.…\`) and publish the same once more: within two minutes, the duplicate window of the stream, it is stored once, and acknowledged with \`duplicate\` and the sequence of the first. Without an acknowledgement an intent may be in the log all the same, and be carried out later. After two minutes, look for it first (\`audit\`). An id belongs to one intent: another one that has it is acknowledged as if it were the first, and is not stored.

**To read your writes**, send the sequence as \`minSeq\` with a query: it is answered once everything up to there has been folded, or refused as \`timeout\` after \`waitMs\`. Every answer says in \`seq\` how far it goes.

**A long list comes in pages**: while an answer has \`next\`, ask the same with it as \`cursor\`.

**An error of a query** is \`error\` in its answer, with a kind and a message; the headers \`Nats-Service-Error\` and \`Nats-Service-Error-Code\` say the same. Where nobody listens, NATS itself answers with an empty message of status 503.`;

/** Of messages, beside the roles. */
const messageTags = {
  verdict: 'Answers an intent, whose sequence is its `cause`: accepted, satisfied or rejected',
};

const securitySchemes = {
  userPassword: {
    type: 'userPassword',
    description:
      'A user of the server, with a password. Its permissions are what attests who asks: they let it publish intents under its own name only.',
  },
  token: { type: 'apiKey', in: 'user', description: 'A token that all clients share.' },
  nkey: {
    type: 'asymmetricEncryption',
    description:
      "An Ed25519 key (NKey), by a signature of the server's challenge; with a JWT of the user, a credentials file.",
  },
  tls: { type: 'X509', description: 'A certificate of the client, where the server verifies them.' },
};

export function generateAsyncApi(channels: readonly Channel[]): unknown {
  const messages = new Map(
    channels.flatMap((channel) => channel.messages).map((message) => [message.name, message]),
  );
  const replies = new Set([ACKNOWLEDGEMENTS, ...channels.map(({ reply }) => reply)]);
  const examples = listExamples();
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'muster',
      version: PROTOCOL_VERSION,
      description: DESCRIPTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
      tags: Object.entries({ ...roles, ...messageTags }).map(([name, description]) => ({
        name,
        description,
      })),
    },
    defaultContentType: 'application/json',
    servers: {
      nats: {
        host: 'localhost:4222',
        protocol: 'nats',
        description:
          'nats-server 2.12 or newer, with JetStream. TLS where it asks for it: `tls://` in an address says so. What is asked of a client is one of the schemes below, or nothing, as its configuration has it.',
        security: Object.keys(securitySchemes).map((name) => ({
          $ref: `#/components/securitySchemes/${name}`,
        })),
      },
    },
    channels: fromEntries(channels.map((channel) => [channel.name, describeChannel(channel)])),
    operations: fromEntries(
      channels.flatMap((channel) => describeOperations(channel, replies.has(channel.name))),
    ),
    components: {
      messages: fromEntries(
        [...messages.values()].map((message) => [
          message.name,
          describeMessage(message, examples.get(message.name) ?? []),
        ]),
      ),
      securitySchemes,
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

function describeMessage(
  { name, title, summary, headers, isVerdict }: Message,
  examples: readonly Example[],
) {
  const correlationId = correlate(name);
  return {
    name,
    title,
    summary,
    ...(isVerdict && { tags: [{ name: 'verdict' }] }),
    ...(correlationId && { correlationId }),
    ...(headers && { headers: describeHeaders(headers) }),
    payload: { $ref: `./schema/${nameFile(name)}` },
    examples,
  };
}

/** An intent does not know its sequence: the acknowledgement says it, and what answers the intent names it. */
function correlate(name: string) {
  if (name === ACKNOWLEDGEMENTS)
    return {
      location: '$message.payload#/seq',
      description: 'The sequence of the intent or the event in the log, or of the command among commands.',
    };
  if (name.startsWith('event.'))
    return {
      location: '$message.payload#/cause',
      description: 'The sequence of what it answers: of a verdict, that of the intent.',
    };
  return undefined;
}

function describeHeaders(headers: NonNullable<Message['headers']>) {
  return {
    type: 'object',
    properties: fromEntries(
      Object.entries(headers).map(([name, description]) => [name, { type: 'string', description }]),
    ),
  };
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
  { name, summary, stream, ...channel }: Channel,
  role: Role,
  action: 'send' | 'receive',
): [string, unknown] {
  const reply = stream !== undefined && action === 'send' ? ACKNOWLEDGEMENTS : channel.reply;
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
