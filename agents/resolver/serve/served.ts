// What is served on one address by one transport, and who answers.
import type { Transport } from '../wire/reply-to.ts';

/** At once where the answer is known here; undefined where there is to be none. Never rejects. */
export type AnswerMessage = (
  message: Buffer,
  from: string,
  transport: Transport,
) => Buffer | undefined | Promise<Buffer | undefined>;

export interface Served {
  readonly port: number;
  close(): Promise<void>;
}
