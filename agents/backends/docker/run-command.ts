// Runs a command inside a container and collects what it prints.
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { ExecResult } from '../backend.ts';
import type { Engine } from './engine.ts';
import { readFrames } from './frames.ts';

/** What each of the two outputs may hold; the rest is dropped. */
const OUTPUT_LIMIT_BYTES = 16 * 1024 * 1024;
const EXIT_POLL_MS = 20;

export async function runCommand(
  engine: Engine,
  containerId: string,
  command: readonly string[],
  signal?: AbortSignal,
): Promise<ExecResult> {
  signal?.throwIfAborted();
  const exec = await engine.call((docker) =>
    docker.getContainer(containerId).exec({ Cmd: [...command], AttachStdout: true, AttachStderr: true }),
  );
  const stream = await engine.open({
    method: 'POST',
    path: `/exec/${exec.id}/start`,
    body: { Detach: false, Tty: false },
    ...(signal && { signal }),
  });
  const giveUp = () => {
    stream.destroy();
    killCommand(engine, exec, containerId).catch(() => undefined);
  };
  signal?.addEventListener('abort', giveUp);
  const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
  const sizes = { stdout: 0, stderr: 0 };
  try {
    for await (const frame of readFrames(stream)) {
      const room = OUTPUT_LIMIT_BYTES - sizes[frame.stream];
      const piece = frame.payload.subarray(0, room);
      parts[frame.stream].push(piece);
      sizes[frame.stream] += piece.length;
    }
    signal?.throwIfAborted();
  } catch (error) {
    signal?.throwIfAborted();
    throw engine.translate(error);
  } finally {
    signal?.removeEventListener('abort', giveUp);
  }
  return {
    exitCode: await awaitExitCode(engine, exec),
    stdout: Buffer.concat(parts.stdout).toString(),
    stderr: Buffer.concat(parts.stderr).toString(),
  };
}

/** The engine has no call for it: where its processes are seen from here, the command's is ended from here. */
async function killCommand(engine: Engine, exec: Docker.Exec, containerId: string): Promise<void> {
  const { Running, Pid } = await engine.look((_, options) => exec.inspect(options));
  if (!Running || Pid <= 1) return;
  const groups = await readFile(`/proc/${Pid}/cgroup`, 'utf8');
  if (groups.includes(containerId)) process.kill(Pid, 'SIGKILL');
}

/** The output ends a moment before the engine knows the exit code. */
async function awaitExitCode(engine: Engine, exec: Docker.Exec): Promise<number> {
  for (;;) {
    const { Running: running, ExitCode: exitCode } = await engine.look((_, options) => exec.inspect(options));
    if (!running && exitCode !== null) return exitCode;
    await delay(EXIT_POLL_MS);
  }
}
