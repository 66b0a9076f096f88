// A network namespace with somebody in it, who serves and asks as the test says. Both go with the test, whatever ends it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const TALK = fileURLToPath(new URL('talk.fixture.mjs', import.meta.url));

export interface Place {
  readonly host: string;
  readonly port: number;
  readonly protocol?: 'tcp' | 'udp';
  /** An address of its own, or not, to ask from. */
  readonly from?: string;
  /** A port that is kept: what is asked by UDP from there is one flow. */
  readonly fromPort?: number;
  readonly timeoutMs?: number;
}

export class Guest {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: { value?: unknown; error?: string }) => void>();
  #last = 0;

  /** Namespaces that are to go when the test is killed. */
  constructor(name: string, ...netns: readonly string[]) {
    this.name = name;
    const command = ['--net', process.execPath, TALK, ...netns];
    this.#child = spawn('unshare', command, { stdio: ['pipe', 'pipe', 'inherit'] });
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      const { id, ...answer } = JSON.parse(line);
      this.#waiting.get(id)?.(answer);
      this.#waiting.delete(id);
    });
  }

  get netns(): string {
    return `/proc/${this.#child.pid}/ns/net`;
  }

  /** Once it answers, it is in a namespace of its own. */
  async isThere(): Promise<void> {
    await this.#tell('serve', { protocol: 'udp', port: 65_000, name: this.name });
  }

  async serve(port: number, protocol: 'tcp' | 'udp' = 'tcp', host = '0.0.0.0'): Promise<void> {
    await this.#tell('serve', { protocol, port, name: this.name, host });
  }

  /** `NAME saw ADDRESS`, or the word for why not. */
  async ask(place: Place): Promise<string> {
    return (await this.#tell('ask', place).catch((error: Error) => error.message)) as string;
  }

  /** How often it was answered what. */
  async askOften(times: number, place: Place): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (let asked = 0; asked < times; asked += 1) {
      const answer = await this.ask(place);
      counts[answer] = (counts[answer] ?? 0) + 1;
    }
    return counts;
  }

  async open(key: string, place: Place): Promise<string> {
    return (await this.#tell('open', { ...place, key })) as string;
  }

  async say(key: string, line: string): Promise<string> {
    return (await this.#tell('say', { key, line })) as string;
  }

  async take(bytes: number, place: Place): Promise<{ readonly got: number; readonly ms: number }> {
    return (await this.#tell('take', { ...place, bytes })) as { got: number; ms: number };
  }

  /** Whom it has seen, by whatever it serves. */
  async seen(): Promise<string[]> {
    return (await this.#tell('seen', {})) as string[];
  }

  async end(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  async #tell(deed: string, order: object): Promise<unknown> {
    const id = ++this.#last;
    const answer = new Promise<{ value?: unknown; error?: string }>((resolve) =>
      this.#waiting.set(id, resolve),
    );
    this.#child.stdin!.write(`${JSON.stringify({ id, deed, ...order })}\n`);
    const { value, error } = await answer;
    if (error !== undefined) throw new Error(error);
    return value;
  }
}
