// The gate at which a container on networks waits before its program begins (gate.c), seen from outside: by its first process.

import { readFileSync, readlinkSync } from 'node:fs';
import { chmod, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ownValue } from '@muster/model';
import { gatePrograms, sourceDigest } from './programs.ts';

/** Where the engine begins a container that has an init: a mount of ours there takes its place. */
export const GATE_TARGET = '/sbin/docker-init';
/** Where the engine's own init is then, for a task that asks for one. gate.c knows it. */
export const ENGINES_INIT = '/sbin/muster-init';

const POLL_MS = 1;
/** A machine that is busy takes its time to exec; one that takes longer is at fault. */
const PATIENCE_MS = 20_000;

/** `coming`: its program is not at the gate yet. `gone`: there is no such process. */
export type Passage = 'coming' | 'waiting' | 'passed' | 'gone';

/** Undefined where nobody has compiled it yet. */
export function readGateProgram(architecture: string): Buffer | undefined {
  const lines = ownValue(gatePrograms, architecture);
  return lines && Buffer.from(lines.join(''), 'base64');
}

/** Puts the program into a directory, once, and answers with its path. */
export async function storeGate(dir: string, architecture: string): Promise<string> {
  const program = readGateProgram(architecture);
  if (program === undefined) throw new Error(`there are no networks for ${architecture} yet`);
  const file = path.join(dir, `gate-${sourceDigest.slice(0, 12)}`);
  const size = await stat(file).then(
    (found) => found.size,
    () => undefined,
  );
  if (size === program.length) return file;
  await mkdir(dir, { recursive: true });
  await writeFile(`${file}.new`, program);
  // Whoever a task runs as.
  await chmod(`${file}.new`, 0o755);
  await rename(`${file}.new`, file);
  return file;
}

export function lookAtGate(pid: number): Passage {
  try {
    // In this order: what runc has become meanwhile is never taken for what has passed.
    const isRuntime = readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('runc:[');
    if (isRuntime) return 'coming';
    if (readlinkSync(`/proc/${pid}/exe`) !== GATE_TARGET) return 'passed';
    // It sleeps nowhere but where it waits.
    const state = /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1];
    return state === 'S' ? 'waiting' : 'coming';
  } catch {
    return 'gone';
  }
}

/** Lets it through. False: it has ended before it could be, having nothing to become. */
export async function passGate(pid: number): Promise<boolean> {
  let isTold = false;
  for (let waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
    const passage = lookAtGate(pid);
    if (passage === 'gone' || (passage === 'passed' && isTold)) return isTold;
    if (passage === 'waiting') isTold = tell(pid, 'SIGCONT') || isTold;
    await delay(POLL_MS);
  }
  throw new Error('its first process does not come to its program');
}

/** Ends what waits, and nothing that has passed. */
export function closeGate(pid: number): void {
  if (lookAtGate(pid) === 'waiting') tell(pid, 'SIGKILL');
}

function tell(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
