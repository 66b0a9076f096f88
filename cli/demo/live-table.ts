// A live view until somebody has seen enough: services, their tasks and the last events.
import type { Terminal } from '../output/terminal.ts';
import { captureMuster } from './capture.ts';

const REFRESH_MS = 1000;

export async function showLiveTable(
  terminal: Terminal,
  natsUrl: string,
  services: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const ask = (...args: readonly string[]) => captureMuster(natsUrl, args, signal);
  if (terminal.redraws) terminal.write('\x1b[2J');
  while (!signal.aborted) {
    const [list, tasks, events] = await Promise.all([
      ask('service', 'ls'),
      ask('service', 'ps', ...services, '--filter', 'desired-state=running'),
      ask('events', '--since', '10m'),
    ]);
    if (signal.aborted) return;
    const recent = events.trimEnd().split('\n').slice(-8).join('\n');
    const use = `Try it from another terminal: export MUSTER_NATS=${natsUrl}`;
    const view = `${list}\n${tasks}\n${recent}\n\n${use}\nCtrl-C ends the demo and removes everything it made.\n`;
    terminal.write(terminal.redraws ? overwrite(view) : `\n${view}`);
    await pause(terminal.redraws ? REFRESH_MS : 10 * REFRESH_MS, signal);
  }
}

/** In place: clearing the screen each time would flicker, and some terminals keep every cleared screen. */
function overwrite(view: string): string {
  return `\x1b[H${view.replaceAll('\n', '\x1b[K\n')}\x1b[J`;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
