// Where the demo plays: shows each step, runs the same commands that a person would type, and remembers what failed.
import { spawn } from 'node:child_process';
import type { Terminal } from '../output/terminal.ts';
import { captureMuster } from './capture.ts';

export interface Stage {
  /** Announces a step, runs it, and says how long it took. A step that throws is counted, shown, and ends the demo. */
  step(title: string, play: () => Promise<void>): Promise<void>;
  /** Shows a command and runs it. Throws when it fails. */
  muster(...args: readonly string[]): Promise<void>;
  /** Runs a command in silence. Resolves with what it printed. */
  ask(...args: readonly string[]): Promise<string>;
  /** Checks a fact against the engine. */
  check(fact: string, isTrue: boolean): void;
  say(text: string): void;
}

export function openStage(terminal: Terminal, natsUrl: () => string, signal: AbortSignal): Stage {
  let number = 0;

  function run(args: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = spawn(process.execPath, [process.argv[1]!, ...args], {
        env: { ...process.env, MUSTER_NATS: natsUrl() },
        stdio: ['ignore', 'inherit', 'inherit'],
        signal,
      });
      child.once('error', reject);
      child.once('exit', (code) => {
        if (code === 0) resolve();
        else reject(new Error(`muster ${args[0]} ${args[1] ?? ''} ended with exit code ${code}`));
      });
    });
  }

  return {
    async step(title, play) {
      signal.throwIfAborted();
      number += 1;
      terminal.write(`\n${terminal.style('bold', `${number}. ${title}`)}\n`);
      const started = performance.now();
      await play();
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      terminal.write(`${terminal.style('dim', `   (${seconds} s)`)}\n`);
    },
    async muster(...args) {
      terminal.write(`${terminal.style('dim', '$')} muster ${args.map(quote).join(' ')}\n`);
      await run(args);
    },
    ask: (...args) => captureMuster(natsUrl(), args, signal),
    check(fact, isTrue) {
      terminal.write(`   ${isTrue ? terminal.style('green', '✓') : terminal.style('red', '✗')} ${fact}\n`);
      if (!isTrue) throw new Error(`this is not so: ${fact}`);
    },
    say(text) {
      terminal.write(`   ${text}\n`);
    },
  };
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word}'`;
}
