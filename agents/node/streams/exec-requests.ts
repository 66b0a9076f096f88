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
import { cutWords } from '../tasks/cut-words.ts';
import { describeError } from '../tasks/patience.ts';
import { EXEC_OUTPUT_CHARS, MOST_EXECS, MOST_EXECS_OF_TASK } from './stream-limits.ts';

export interface ExecRequestsOptions {
  readonly backend: Backend;
  readonly bus: Bus;
  readonly logger: Logger;
  readonly nodeId: string;
}

export function serveExecRequests({ backend, bus, logger, nodeId }: ExecRequestsOptions): { stop(): void } {
  const active = new Map<string, number>();
  let total = 0;

  async function answer(data: Uint8Array): Promise<ExecAnswer> {
    try {
      const request = execRequestSchema.parse(JSON.parse(new TextDecoder().decode(data)));
      const { taskId } = request;
      const own = active.get(taskId) ?? 0;
      if (total >= MOST_EXECS)
        return refuse(`node ${nodeId} runs ${MOST_EXECS} commands already: try again later`);
      if (own >= MOST_EXECS_OF_TASK)
        return refuse(`task ${taskId} runs ${MOST_EXECS_OF_TASK} commands already: try again later`);
      count(taskId, 1);
      return await run(request).finally(() => count(taskId, -1));
    } catch (error) {
      return refuse(describeError(error));
    }
  }

  function count(taskId: string, change: 1 | -1): void {
    total += change;
    const own = (active.get(taskId) ?? 0) + change;
    if (own === 0) active.delete(taskId);
    else active.set(taskId, own);
  }

  async function run({ taskId, command }: ExecRequest): Promise<ExecAnswer> {
    logger.info({ task: taskId, command: cutWords(command[0] ?? '') }, 'a command is run in a container');
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
