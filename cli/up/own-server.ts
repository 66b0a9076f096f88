// The nats-server of `muster up`. One whose disk was full stores nothing until it is started again, and here there is nobody
// else to do that.
import { statfs } from 'node:fs/promises';
import { type NatsServerProcess, StartError, startNatsServer } from '@muster/runtime';

export interface OwnServer {
  readonly url: string;
  stop(): Promise<void>;
}

export interface OwnServerOptions {
  readonly dir: string;
  /** Where every command looks for it when left out, or any port when that is taken. */
  readonly port?: number | undefined;
  readonly onStep: (step: string) => void;
}

const USUAL_PORT = 4222;
const LOOK_EVERY_MS = 3_000;
const ANSWER_MS = 2_000;
/** With less it would be full again at once. */
const ROOM_BYTES = 16 * 1024 * 1024;
/** It says itself what is wrong with it, to whoever asks from this machine. */
const extraConfig = 'http: 127.0.0.1:-1';

export async function startOwnServer({ dir, port, onStep }: OwnServerOptions): Promise<OwnServer> {
  let server = await start(dir, port);
  const { url } = server;
  let isStopped = false;
  let isDown = false;
  let looking = Promise.resolve();
  let timer = setTimeout(lookLater, LOOK_EVERY_MS);

  function lookLater(): void {
    looking = look()
      .catch(({ message }: Error) => onStep(`nats-server can't be started again yet: ${message}`))
      .then(() => {
        if (!isStopped) timer = setTimeout(lookLater, LOOK_EVERY_MS);
      });
  }

  async function look(): Promise<void> {
    if (!isDown) {
      if (!(await wasFull(server)) || !(await hasRoom(dir)) || isStopped) return;
      onStep('nats-server is started again: its disk was full, and has room now');
      await server.stop();
      isDown = true;
    }
    server = await startNatsServer({ dir, port: server.port, extraConfig });
    isDown = false;
  }

  return {
    url,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await looking;
      if (!isDown) await server.stop();
    },
  };
}

async function start(dir: string, port: number | undefined): Promise<NatsServerProcess> {
  try {
    return await startNatsServer({ dir, port: port ?? USUAL_PORT, extraConfig });
  } catch (error) {
    if (!(error instanceof StartError)) throw error;
    const { message } = error;
    if (/address already in use/.test(message)) {
      if (port === undefined) return await startNatsServer({ dir, extraConfig });
      throw new StartError(`${message}; stop what listens there, or choose another port with --nats-port`);
    }
    if (/keeps its streams/.test(message))
      throw new StartError(`${message}; stop that one, or choose another directory with --dir`);
    throw error;
  }
}

/** One that does not answer is busy, or gone, and says nothing of its disk. */
async function wasFull({ monitorUrl }: NatsServerProcess): Promise<boolean> {
  try {
    const answer = await fetch(`${monitorUrl}/healthz`, { signal: AbortSignal.timeout(ANSWER_MS) });
    const { error = '' } = (await answer.json()) as { readonly error?: string };
    return error.includes('no space left on device');
  } catch {
    return false;
  }
}

async function hasRoom(dir: string): Promise<boolean> {
  const { bavail, bsize } = await statfs(dir);
  return bavail * bsize >= ROOM_BYTES;
}
