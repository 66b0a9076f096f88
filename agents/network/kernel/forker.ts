// Programs are run by a shell that stays: a process of an agent's size costs milliseconds to fork, and a shell's next to nothing. It
// ends when its input does, so it outlives nobody, and not by a Ctrl-C, as what is to be taken away then takes it.
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';

export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** One command at a time. */
export class Forker {
  readonly #shell: ChildProcessWithoutNullStreams;
  /** No input has it in it, and no answer. */
  readonly #mark = `end-${randomUUID()}`;
  readonly #said = { stdout: '', stderr: '' };
  #waiting: { resolve(outcome: Outcome): void; reject(error: Error): void } | undefined;
  #hasEnded = false;

  constructor(env: NodeJS.ProcessEnv) {
    this.#shell = spawn('/bin/sh', ['-s'], { env, cwd: '/', detached: true });
    for (const name of ['stdout', 'stderr'] as const) {
      this.#shell[name].setEncoding('utf8').on('data', (text: string) => {
        this.#said[name] += text;
        this.#settle();
      });
    }
    this.#shell.stdin.on('error', () => undefined);
    this.#shell.once('error', (error) => this.#end(error));
    this.#shell.once('close', () => this.#end(new Error('the shell that runs programs has ended')));
    this.#stay(false);
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  run(command: readonly string[], input: string): Promise<Outcome> {
    return new Promise((resolve, reject) => {
      if (this.#hasEnded) return reject(new Error('the shell that runs programs has ended'));
      this.#waiting = { resolve, reject };
      this.#stay(true);
      const text = input === '' || input.endsWith('\n') ? input : `${input}\n`;
      const said = `${command.map(quote).join(' ')} <<'${this.#mark}'\n${text}${this.#mark}\n`;
      this.#shell.stdin.write(`${said}echo "${this.#mark} $?"; echo ${this.#mark} >&2\n`);
    });
  }

  #settle(): void {
    const out = this.#said.stdout.lastIndexOf(this.#mark);
    const error = this.#said.stderr.lastIndexOf(this.#mark);
    const code = out < 0 ? undefined : / (\d+)\n$/.exec(this.#said.stdout.slice(out))?.[1];
    if (code === undefined || error < 0) return;
    const outcome = {
      code: Number(code),
      stdout: this.#said.stdout.slice(0, out),
      stderr: this.#said.stderr.slice(0, error),
    };
    this.#said.stdout = '';
    this.#said.stderr = '';
    const waiting = this.#waiting;
    this.#waiting = undefined;
    this.#stay(false);
    waiting?.resolve(outcome);
  }

  #end(error: Error): void {
    this.#hasEnded = true;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  /** Nobody's process stays for the sake of a shell that has nothing to do. */
  #stay(isBusy: boolean): void {
    const verb = isBusy ? 'ref' : 'unref';
    this.#shell[verb]();
    for (const stream of [this.#shell.stdin, this.#shell.stdout, this.#shell.stderr])
      (stream as unknown as { ref(): void; unref(): void })[verb]();
  }
}

/** As one word of a shell's. */
function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
