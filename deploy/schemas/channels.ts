// Who says what to whom, on which subject: what the AsyncAPI document and the table of subjects are made from.
import { ACKNOWLEDGEMENTS, type Channel } from './channels/channel.ts';
import { agentChannels, commandChannel, endpointChannels, toldChannel } from './channels/of-agents.ts';
import { askChannel, copyChannel, queryChannels, statsChannels } from './channels/of-copies.ts';
import { eventChannels, intentChannels } from './channels/of-the-log.ts';

export function listChannels(): Channel[] {
  return [
    acknowledgementChannel,
    ...intentChannels(),
    ...eventChannels(),
    commandChannel,
    toldChannel,
    ...endpointChannels,
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
