// Results go to standard output, one JSON object a line; everything for the person who waits goes to standard error.

type Value = string | number | undefined | { readonly [key: string]: Value };
export type Result = { readonly bench: string } & Readonly<Record<string, Value>>;

export function printResult(result: Result): void {
  process.stdout.write(`${JSON.stringify(result, round)}\n`);
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** What was measured has four digits that could mean something, if that; what was counted has all of them. */
function round(_key: string, value: unknown): unknown {
  return typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(4)) : value;
}

export function parseResults(lines: string): Result[] {
  return lines
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Result);
}
