// Where an answer may go: never to a subject of the cluster's own, nor to one of the server's. Whoever asks may not be
// allowed to write there, and we are.

/** No client's inbox is longer; a line of the protocol that is ends the connection. */
const MAX_LENGTH = 1_000;

export function isReplySubject(subject: string | undefined): subject is string {
  return (
    subject !== undefined && subject !== '' && subject.length <= MAX_LENGTH && !/^(muster\.|\$)/.test(subject)
  );
}
