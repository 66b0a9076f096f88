// Results go to standard output, one JSON object a line; everything for the person who waits goes to standard error.

export type Result = { readonly bench: string } & Readonly<Record<string, string | number | undefined>>;

export function printResult(result: Result): void {
  const rounded = Object.entries(result).map(([key, value]) => [
    key,
    typeof value === 'number' ? Number(value.toPrecision(4)) : value,
  ]);
  process.stdout.write(`${JSON.stringify(Object.fromEntries(rounded))}\n`);
}

export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
