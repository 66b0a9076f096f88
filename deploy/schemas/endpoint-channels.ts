// Of what every node is told of networks and services, and of how far it follows.
import type { Channel, Message } from './channels.ts';

/** `headers`: of what is stored under compare-and-set. */
export function listEndpointChannels(headers: NonNullable<Message['headers']>): Channel[] {
  const gone: Message = {
    name: 'endpoints.gone',
    title: 'gone',
    summary: 'The network is gone, or the service is on it no more. Goes by itself after an hour.',
    headers,
  };

  return [
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
          headers,
        },
        gone,
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
          headers,
        },
        gone,
      ],
      senders: ['dispatcher'],
      receivers: ['agent', 'dispatcher'],
    },
    {
      name: 'follows',
      address: 'muster.follows.{nodeId}',
      summary: 'How far a node goes by the endpoints that are stored.',
      parameters: { nodeId: 'The id of the node' },
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
}
