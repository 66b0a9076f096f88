// Asks others: one server after the other, in order, until one knows. A server that is slow is waited for while the next is
// asked; one that has been silent comes last for a while, so that not every question waits for it.
import type { Clock } from '@muster/runtime';
import type { Counts } from '../counts.ts';
import { type ServerAddress, writeServerAddress } from '../server-address.ts';
import { rcodes } from '../wire/messages.ts';
import type { Transport } from '../wire/reply-to.ts';
import { readRcode } from '../wire/same-question.ts';
import { type Attempt, ask } from './attempt.ts';

export interface Upstreams {
  /** The answer as it came, or undefined when there is none. */
  forward(
    query: Buffer,
    transport: Transport,
    servers: readonly ServerAddress[],
  ): Promise<Buffer | undefined>;
  /** Nobody waits any more. */
  close(): void;
}

/** Programs give up after five seconds (glibc, musl, Go), and have to hear of a failure before. */
const GIVE_UP_MS = 4_500;
const NEXT_AFTER_MS = 1_000;
const LAST_FOR_MS = 30_000;

export function createUpstreams(counts: Counts, clock: Clock): Upstreams {
  /** Until when a server comes last. */
  const silent = new Map<string, number>();
  const open = new Set<() => void>();

  function order(servers: readonly ServerAddress[]): ServerAddress[] {
    const now = clock.now();
    const isSilent = (server: ServerAddress) => (silent.get(writeServerAddress(server)) ?? 0) > now;
    return [...servers.filter((one) => !isSilent(one)), ...servers.filter(isSilent)];
  }

  function forward(
    query: Buffer,
    transport: Transport,
    servers: readonly ServerAddress[],
  ): Promise<Buffer | undefined> {
    const ordered = order(servers);
    const began = clock.now();
    const attempts: Attempt[] = [];
    let waitingFor = 0;
    /** From a server that does not know either: better than nothing. */
    let helpless: Buffer | undefined;
    let settled = false;

    return new Promise((resolve) => {
      const giveUp = clock.schedule(GIVE_UP_MS, () => settle(helpless));
      let next = clock.schedule(0, tryNext);
      open.add(giveUpNow);

      function giveUpNow(): void {
        settle(undefined);
      }

      function settle(answer: Buffer | undefined): void {
        if (settled) return;
        settled = true;
        open.delete(giveUpNow);
        next.cancel();
        giveUp.cancel();
        for (const attempt of attempts) attempt.end();
        if (!answer) counts.failures['upstream-silent'] += 1;
        else if (answer === helpless) counts.failures['upstream-failed'] += 1;
        counts.upstreamMs += clock.now() - began;
        resolve(answer);
      }

      /** Each in turn; and again, as long as one is silent, which may only have lost the question. */
      function tryNext(): void {
        next.cancel();
        if (attempts.length >= ordered.length && waitingFor === 0) settle(helpless);
        if (settled) return;
        const server = ordered[attempts.length % ordered.length]!;
        const attempt = ask(server, query, transport);
        attempts.push(attempt);
        waitingFor += 1;
        next = clock.schedule(NEXT_AFTER_MS, () => {
          noteSilence(server);
          tryNext();
        });
        attempt.answer.then(
          (answer) => {
            silent.delete(writeServerAddress(server));
            const rcode = readRcode(answer);
            if (rcode === rcodes.noError || rcode === rcodes.noSuchName) return settle(answer);
            helpless = answer;
            goOn();
          },
          () => {
            noteSilence(server);
            goOn();
          },
        );
      }

      function goOn(): void {
        waitingFor -= 1;
        tryNext();
      }
    });
  }

  function noteSilence(server: ServerAddress): void {
    silent.set(writeServerAddress(server), clock.now() + LAST_FOR_MS);
  }

  return {
    forward,
    close() {
      for (const giveUpNow of [...open]) giveUpNow();
    },
  };
}
