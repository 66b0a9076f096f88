// What copies of a role tell one another, and what they are asked.
import { queryNames } from '@muster/api';
import { type Channel, folders } from './channel.ts';

const reducers = folders.filter((role) => role !== 'api');
export const copyChannel: Channel = {
  name: 'copy',
  address: 'muster.copy.{role}.{copy}',
  summary:
    'Says to the other copies of the role that this one is there: the text `hello`, `here` once a second, or `bye`; the first two with the wire version that the copy reads and with who it is: `here 2 api-7 on one`. A hint. One that takes no part for now says it on `muster.copy.<role>.<copy>.aside`.',
  parameters: { role: 'The reducer, or `api`', copy: 'Drawn when the copy started' },
  messages: [],
  senders: folders,
  receivers: reducers,
};

export const askChannel: Channel = {
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
export function statsChannels(): Channel[] {
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

export function queryChannels(): Channel[] {
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
