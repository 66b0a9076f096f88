// A Docker engine for one test alone, to restart and to crash, or to have several: deploy/private-engine, which only
// root can run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { inProject } from './root.ts';

export interface PrivateEngine {
  /** As DOCKER_HOST wants it. */
  readonly host: string;
  /** Stops dockerd politely, and its containers with it, and starts it again with what it had stored. */
  restart(): Promise<void>;
  /** The same, but with kill -9: the containers run on until the next dockerd finds them. */
  crash(): Promise<void>;
  /** It hangs: its socket takes connections and nothing answers, until it is let go on. Its containers run. */
  hang(): Promise<void>;
  goOn(): Promise<void>;
  /** Resolves when nothing of it is left. */
  stop(): Promise<void>;
}

export async function startPrivateEngine(): Promise<PrivateEngine> {
  const script = inProject('deploy', 'private-engine');
  const child = spawn(script, { stdio: ['pipe', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

  async function nextAnswer(): Promise<string> {
    const { value } = await answers.next();
    const [, word, rest = ''] = /^(\w+) (.*)$/.exec(value ?? '') ?? [];
    if (word !== 'ready') throw new Error(rest === '' ? 'the private engine ended' : rest);
    return rest;
  }

  async function order(word: string): Promise<void> {
    child.stdin.write(`${word}\n`);
    await nextAnswer();
  }

  const host = await nextAnswer();
  async function signal(name: NodeJS.Signals): Promise<void> {
    const pidFile = host.replace(/^unix:\/\/(.*)\/docker\.sock$/, '$1/pid');
    process.kill(Number(await readFile(pidFile, 'utf8')), name);
  }

  return {
    host,
    restart: () => order('restart'),
    crash: () => order('crash'),
    hang: () => signal('SIGSTOP'),
    goOn: () => signal('SIGCONT'),
    async stop() {
      await signal('SIGCONT').catch(() => undefined);
      child.stdin.end();
      await exited;
    },
  };
}
