// Intents and events.
import {
  acceptances,
  catalogue,
  type EventKind,
  type EventType,
  type IntentDefinition,
  intents,
  type Writer,
} from '@muster/events';
import { type Channel, EXPECTATION, folders, type Message, NODE } from './channel.ts';

/** What an intent comes to; one of these names it as its cause. */
const verdicts: readonly EventType[] = [...acceptances, 'intent.satisfied', 'intent.rejected'];

/** Each in two forms: of the default team, and of another. */
export function intentChannels(): Channel[] {
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

export function eventChannels(): Channel[] {
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
