// Runs commands in containers for whoever asks on `muster.exec.<nodeId>`, and answers with what came out.
import type { Backend } from '@muster/backends';
import {
  type ExecAnswer,
  type ExecRequest,
  encodeJson,
  execRequestSchema,
  execSubject,
} from '@muster/events';
import type { Bus, BusMessage, Logger } from '@muster/runtime';
import { describeError } from './patience.ts';
import { EXEC_OUTPUT_CHARS, MOST_EXECS } from './stream-limits.ts';

export interface ExecRequestsOptions {
  readonly backend: Backend;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly nodeId: string;
}

export function serveExecRequests({ backend, bus, logger, nodeId }: ExecRequestsOptions): { stop(): void } {
  let active = 0;

  async function answer(data: Uint8Array): Promise<ExecAnswer> {
    if (active >= MOST_EXECS) {
      return refuse(`node ${nodeId} runs ${MOST_EXECS} commands already: try again later`);
    }
    active += 1;
    try {
      return await run(execRequestSchema.parse(JSON.parse(new TextDecoder().decode(data))));
    } catch (error) {
      return refuse(describeError(error));
    } finally {
      active -= 1;
    }
  }

  async function run({ taskId, command }: ExecRequest): Promise<ExecAnswer> {
    logger.info({ task: taskId, command: command[0] }, 'a command is run in a container');
    const { exitCode, stdout, stderr } = await backend.exec(taskId, command);
    return {
      ok: true,
      exitCode,
      stdout: stdout.slice(0, EXEC_OUTPUT_CHARS),
      stderr: stderr.slice(0, EXEC_OUTPUT_CHARS),
      truncated: Math.max(stdout.length, stderr.length) > EXEC_OUTPUT_CHARS,
    };
  }

  async function onMessage({ data, reply }: BusMessage): Promise<void> {
    if (reply === undefined) return;
    bus.publish(reply, encodeJson(await answer(data)));
  }

  return bus.subscribe(execSubject(nodeId), (message) => {
    onMessage(message).catch((error) => logger.warn({ err: describeError(error) }, 'could not answer'));
  });
}

function refuse(message: string): ExecAnswer {
  return { ok: false, message };
}
