// What a role process says over HTTP when it was started with `--metrics 0`.
import { setTimeout as delay } from 'node:timers/promises';
import type { RoleProcess } from './role-process.ts';

export interface Answer {
  readonly status: number;
  readonly body: { readonly status: string; readonly checks: readonly Check[] };
}

interface Check {
  readonly check: string;
  readonly copy?: string;
  readonly ok: boolean;
  readonly says: string;
}

const PATIENCE_MS = 40_000;

export function metricsUrl({ log, role }: Pick<RoleProcess, 'log' | 'role'>): string {
  const line = log.find(({ msg }) => msg === 'metrics');
  if (typeof line?.url !== 'string') throw new Error(`${role} does not say where its metrics are`);
  return line.url;
}

export async function probe(role: RoleProcess, path: 'healthz' | 'readyz'): Promise<Answer> {
  const response = await fetch(`${metricsUrl(role)}/${path}`);
  return { status: response.status, body: (await response.json()) as Answer['body'] };
}

/** The checks that fail: "nats: not connected". */
export function failing({ body }: Answer): string[] {
  return body.checks.filter(({ ok }) => !ok).map(({ check, says }) => `${check}: ${says}`);
}

/** Asks until the answer is as wanted, and returns it. */
export async function probeUntil(
  role: RoleProcess,
  path: 'healthz' | 'readyz',
  isWanted: (answer: Answer) => boolean,
): Promise<Answer> {
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const answer = await probe(role, path);
    if (isWanted(answer)) return answer;
    if (performance.now() > giveUpAt) throw new Error(`${role.role} still answers ${JSON.stringify(answer)}`);
    await delay(50); // a probe is a question: nobody tells when its answer changes
  }
}

/** Every sample by its name and labels, as Prometheus has them. */
export async function scrape(role: RoleProcess): Promise<ReadonlyMap<string, number>> {
  const response = await fetch(`${metricsUrl(role)}/metrics`);
  if (response.status !== 200) throw new Error(await response.text());
  return readSamples(await response.text());
}

export function readSamples(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>();
  for (const line of text.split('\n')) {
    if (line === '' || line.startsWith('#')) continue;
    const at = line.lastIndexOf(' ');
    samples.set(line.slice(0, at), Number(line.slice(at + 1)));
  }
  return samples;
}
