// Amounts as Docker's CLI takes them: memory "64m" or "1.5GiB" (binary units, go-units RAMInBytes), CPUs "0.5".
import { ownValue } from '../stored/own-keys.ts';

const POWERS: Record<string, number> = { '': 0, b: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };

/** Bytes of "64m", "64MB", "64MiB" or "1048576"; undefined when it is no amount of memory. */
export function parseMemory(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([bkmgtp]?)(?:i?b)?$/i.exec(text.trim());
  if (!match) return undefined;
  return Math.floor(Number(match[1]) * 1024 ** ownValue(POWERS, match[2]!.toLowerCase())!);
}

/** go-units BytesSize: binary units, four significant digits. */
export function formatMemory(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let power = 0;
  let size = bytes;
  while (size >= 1024 && power < units.length - 1) {
    size /= 1024;
    power += 1;
  }
  return `${Number(size.toPrecision(4))}${units[power]}`;
}

/** Nano CPUs of a decimal number of CPUs; undefined when it is none, or says more than nano CPUs can. */
export function parseCpus(text: string): number | undefined {
  return /^\d+(?:\.\d{1,9}0*)?$/.test(text.trim()) ? Math.round(Number(text) * 1e9) : undefined;
}
