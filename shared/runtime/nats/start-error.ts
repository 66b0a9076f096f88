/** What keeps a program from starting and can be mended by who started it. The message is for that person. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
