// docs/design/subjects.md: the same channels, for people.
import type { Channel, Message } from './channels/channel.ts';
import { nameFile } from './json-schemas.ts';

const HEADER = `# Subjects

Generated from the schemas by \`npm run schemas\`; the same as [asyncapi.json](../asyncapi.json), for people. One subject has
one writing role. What is kept in no stream is core NATS, and may be lost. An intent whose first token is \`@<team>\`
is that team's, any other the default team's; its name is all that is left of the subject, dots and all ([ADR 19](../adr/0019-teams-and-names.md)).

| subject | kept in | written by | read by | message | what it says |
|---|---|---|---|---|---|
`;

export function generateSubjectsTable(channels: readonly Channel[]): string {
  const byName = new Map(channels.map((channel) => [channel.name, channel]));
  const rows = channels.flatMap(({ reply, ...channel }) =>
    rowsOf(channel, reply === undefined ? undefined : byName.get(reply)),
  );
  return HEADER + rows.join('');
}

/** Answers stand beside their requests: they have no subject of their own. */
function rowsOf(
  { address, summary, stream, senders, receivers, messages }: Channel,
  reply: Channel | undefined,
): string[] {
  if (address === null) return [];
  const subject = `\`${address.replaceAll(/\{(\w+)\}/g, '<$1>')}\``;
  const answers = (reply?.messages ?? []).map((answer) => ` → ${link(answer)}`).join('');
  // Some have nothing in them, or a word: no schema says more than the summary.
  const said = messages.map((message) => [link(message), message.summary] as const);
  return (said.length > 0 ? said : [['–', summary] as const]).map(([message, says]) => {
    const cells = [subject, stream ?? '–', nameRoles(senders), nameRoles(receivers), message + answers, says];
    return `| ${cells.join(' | ')} |\n`;
  });
}

function nameRoles(roles: Channel['receivers']): string {
  if (roles.length <= 3) return roles.join(', ');
  return roles.includes('api') ? 'every reducer, api' : 'every reducer';
}

function link({ name, title }: Message): string {
  return `[${title}](../schema/${nameFile(name)})`;
}
