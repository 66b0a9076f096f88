// A service's network as docker's command line writes it (cli/opts: network.go): its name, or
// "name=backend,alias=db,driver-opt=key=value". What is wrong is said in docker's words.
import type { z } from 'zod';
import type { networkAttachmentSchema } from '../network/network-spec.ts';
import { setOwn } from '../stored/own-keys.ts';
import { splitCommaFields } from './comma-fields.ts';
import type { Read } from './docker-notation.ts';

type Attachment = z.infer<typeof networkAttachmentSchema>;

/** Docker's for a container of its own, which a service has no use for. */
const keysNotYet = ['ip', 'ip6', 'mac-address', 'link-local-ip', 'gw-priority'];

export function parseNetwork(text: string): Read<Attachment> {
  if (!/\w+=\w+/.test(text)) return text === '' ? unnamed : { target: text, aliases: [], driverOpts: {} };
  const fields = splitCommaFields(text);
  if ('error' in fields) return fields;
  const attachment: Attachment = { target: '', aliases: [], driverOpts: {} };
  for (const field of fields) {
    const cut = cutPair(field);
    if (!cut) return { error: `invalid field ${field}` };
    const key = cut.key.toLowerCase();
    if (key === 'name') attachment.target = cut.value;
    else if (key === 'alias') attachment.aliases.push(cut.value);
    else if (key === 'driver-opt') {
      const option = cutPair(cut.value);
      if (!option) return { error: 'invalid key value pair format in driver options' };
      setOwn(attachment.driverOpts, option.key, option.value);
    } else if (keysNotYet.includes(key)) return { error: `${key} is not supported for services` };
    else return { error: `invalid field key ${key}` };
  }
  return attachment.target === '' ? unnamed : attachment;
}

const unnamed = { error: 'network name/id is not specified' };

function cutPair(field: string): { readonly key: string; readonly value: string } | undefined {
  const at = field.indexOf('=');
  if (at <= 0) return undefined;
  return { key: field.slice(0, at).trim(), value: field.slice(at + 1).trim() };
}
