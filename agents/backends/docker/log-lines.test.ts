import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readLogLines } from './log-lines.ts';

const stamp = '2026-01-02T03:04:05.678901234Z';
const time = Date.parse('2026-01-02T03:04:05.678Z');

function frame(stream: number, text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

async function read(chunks: readonly Buffer[], tty = false): Promise<string[]> {
  async function* source() {
    yield* chunks;
  }
  const lines: string[] = [];
  for await (const chunk of readLogLines(source(), { taskId: 't', tty })) {
    expect(chunk).toMatchObject({ taskId: 't', time });
    lines.push(`${chunk.stream} ${chunk.line}${chunk.open ? '+' : ''}`);
  }
  return lines;
}

/** The bytes in pieces, cut anywhere. */
function cut(bytes: Buffer, places: readonly number[]): Buffer[] {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return ends.map((end, index) => bytes.subarray(index === 0 ? 0 : ends[index - 1], end));
}

describe('lines of output', () => {
  it('come out of frames, however the stream is cut', async () => {
    const bytes = Buffer.concat([
      frame(1, `${stamp} one\n`),
      frame(2, `${stamp} oops ä\n`),
      frame(1, `${stamp} \n`),
      frame(1, `${stamp} two words\n`),
    ]);
    const expected = ['stdout one', 'stderr oops ä', 'stdout ', 'stdout two words'];
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 20 }), async (places) => {
        expect(await read(cut(bytes, places))).toEqual(expected);
      }),
    );
  });

  it('are put together from the parts the engine cut them into, though others come between', async () => {
    const parts = [frame(1, `${stamp} one`), frame(2, `${stamp} oops\n`), frame(1, `${stamp}  half\n`)];
    expect(await read(parts)).toEqual(['stderr oops', 'stdout one half']);
  });

  it('need no end', async () => {
    expect(await read([frame(1, `${stamp} no end`)])).toEqual(['stdout no end']);
  });

  it.each([false, true])('come in pieces when they never end, from a terminal: %s', async (tty) => {
    const text = `${stamp} ${'x'.repeat(16_384)}`;
    const lines = await read(Array(40).fill(tty ? Buffer.from(text) : frame(1, text)), tty);
    expect(lines.map((line) => line.length - 'stdout '.length)).toEqual([262_145, 262_145, 131_072]);
    expect(lines.map((line) => line.endsWith('+'))).toEqual([true, true, false]);
  });

  it('come in pieces that are whole characters', async () => {
    const text = `x${'🐳'.repeat(150_000)}`;
    const bytes = Buffer.from(text);
    const parts = Array.from({ length: Math.ceil(bytes.length / 16_384) }, (_, index) =>
      Buffer.concat([Buffer.from(`${stamp} `), bytes.subarray(index * 16_384, (index + 1) * 16_384)]),
    );
    const lines = await read(parts, true);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.map((line) => line.slice('stdout '.length).replace('+', '')).join('')).toBe(text);
  });

  it('are data, whatever they hold: the engine’s timestamps are where it writes them and nowhere else', async () => {
    const words = `${stamp} ${'y'.repeat(50)} `;
    const line = words.repeat(600);
    const parts = [line.slice(0, 16_384), line.slice(16_384, 32_768), line.slice(32_768)];
    expect(parts[2]!.length).toBeGreaterThan(0);
    const bytes = Buffer.from(`${parts.map((part) => `${stamp} ${part}`).join('')}\r\n${stamp} next\r\n`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 20 }), async (places) => {
        expect(await read(cut(bytes, places), true)).toEqual([`stdout ${line}`, 'stdout next']);
      }),
      { numRuns: 20 },
    );
  });

  it('may be as long as what the engine writes at once', async () => {
    const line = 'z'.repeat(16_384);
    const bytes = Buffer.from(`${stamp} ${line}${stamp} \n${stamp} next\n${stamp} ${line}\n`);
    expect(await read([bytes], true)).toEqual([`stdout ${line}`, 'stdout next', `stdout ${line}`]);
  });

  it('come from a terminal without frames', async () => {
    const bytes = Buffer.from(`${stamp} one\r\n${stamp} ä\r\n${stamp} no end`);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 20 }), async (places) => {
        expect(await read(cut(bytes, places), true)).toEqual(['stdout one', 'stdout ä', 'stdout no end']);
      }),
    );
  });
});
