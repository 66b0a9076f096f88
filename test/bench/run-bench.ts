// Runs another benchmark in a process of its own, so that each begins with fresh memory, and reads its results.
import { text } from 'node:stream/consumers';
import { atEnd } from './cleanup.ts';
import { spawnSelf } from './own-child.ts';
import { parseResults, type Result } from './report.ts';

export async function runBench(name: string, args: readonly string[]): Promise<Result[]> {
  const child = spawnSelf([name, ...args]);
  const ended = new Promise((resolve, reject) => child.once('exit', resolve).once('error', reject));
  atEnd(async () => {
    // It has its own to clean up.
    child.kill('SIGTERM');
    await ended;
  });
  const [output, code] = await Promise.all([text(child.stdout!), ended]);
  if (code !== 0) throw new Error(`${name} ended with ${code}`);
  return parseResults(output);
}
