// The message that answers a message: reads it, asks for the verdict, writes it down. Pure but for what is counted.
import type { Answer } from 'dns-packet';
import type { Counts } from '../counts.ts';
import type { Verdict } from '../names/decide.ts';
import {
  datagramLimit,
  LARGEST_MESSAGE,
  moreThanFit,
  type Query,
  type Reply,
  rcodes,
  readQuery,
  writeBadVersion,
  writeReply,
} from './messages.ts';

export type Transport = 'udp' | 'tcp';

export type Outcome =
  | { readonly is: 'silence' }
  | { readonly is: 'reply'; readonly message: Buffer }
  /** To be asked of others; `fail` is what is said when nobody knows. */
  | { readonly is: 'forward'; readonly nameservers: readonly string[] | undefined; fail(): Buffer };

/** An address may be another's the next moment: nobody is to keep it. */
const TTL_SECONDS = 0;

export function replyTo(
  message: Buffer,
  transport: Transport,
  counts: Counts,
  decide: (question: Query['question']) => Verdict,
): Outcome {
  const query = readQuery(message);
  if (!query) {
    counts.queries.malformed += 1;
    return { is: 'silence' };
  }
  if ('rejected' in query) {
    counts.queries.malformed += 1;
    return { is: 'reply', message: query.rejected };
  }
  const limit = transport === 'tcp' ? LARGEST_MESSAGE : datagramLimit(query);
  const write = (reply: Reply): Outcome => ({ is: 'reply', message: writeReply(query, reply, limit) });
  if (query.edns && query.edns.version !== 0) return { is: 'reply', message: writeBadVersion(query) };
  const verdict = decide(query.question);
  switch (verdict.is) {
    case 'addresses':
      counts.queries.answered += 1;
      return write({
        rcode: rcodes.noError,
        isOurs: true,
        answers: listRecords(query.question.name, verdict, limit),
      });
    case 'host':
      counts.queries.answered += 1;
      return write({
        rcode: rcodes.noError,
        isOurs: true,
        answers: [pointTo(query.question.name, verdict.host)],
      });
    case 'nothing':
      counts.queries.empty += 1;
      return write({ rcode: rcodes.noError, isOurs: true });
    case 'no-such-name':
      counts.queries.unknown += 1;
      return write({ rcode: rcodes.noSuchName, isOurs: true });
    case 'stranger':
      counts.queries.refused += 1;
      return write({ rcode: rcodes.refused });
    case 'not-told':
      counts.queries.failed += 1;
      counts.failures['not-told'] += 1;
      return write({ rcode: rcodes.serverFailure });
    case 'forward': {
      const fail = () => writeReply(query, { rcode: rcodes.serverFailure }, limit);
      return { is: 'forward', nameservers: verdict.nameservers, fail };
    }
  }
}

function listRecords(
  name: string,
  { addresses, from }: Extract<Verdict, { is: 'addresses' }>,
  limit: number,
): Answer[] {
  const type = addresses[0]!.includes(':') ? 'AAAA' : 'A';
  const count = Math.min(addresses.length, moreThanFit(limit));
  return Array.from({ length: count }, (_, index) => ({
    type,
    name,
    ttl: TTL_SECONDS,
    data: addresses[(from + index) % addresses.length]!,
  }));
}

function pointTo(name: string, host: string): Answer {
  return { type: 'PTR', name, ttl: TTL_SECONDS, data: host };
}
