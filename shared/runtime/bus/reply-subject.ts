// Where an answer may go: never to a subject of the cluster's own, nor to one of the server's. Whoever asks may not be
// allowed to write there, and we are.

export function isReplySubject(subject: string | undefined): subject is string {
  return subject !== undefined && subject !== '' && !/^(muster\.|\$)/.test(subject);
}
