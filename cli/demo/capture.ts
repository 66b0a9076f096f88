// Runs a command of ours and returns what it says, trimmed; on errors, the error's text.
import { spawn } from 'node:child_process';

export function captureMuster(
  natsUrl: string,
  args: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [process.argv[1]!, ...args], {
      env: { ...process.env, MUSTER_NATS: natsUrl, COLUMNS: String(process.stdout.columns ?? 100) },
      stdio: ['ignore', 'pipe', 'pipe'],
      signal,
    });
    let text = '';
    child.stdout.on('data', (chunk) => (text += chunk));
    child.stderr.on('data', (chunk) => (text += chunk));
    child.once('error', () => resolve(text.trim()));
    child.once('close', () => resolve(text.trim()));
  });
}
