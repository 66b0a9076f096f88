// What a benchmark makes is undone at its end, whatever the end: results, an error, Ctrl-C. The last made goes first.

type Undo = () => Promise<unknown> | unknown;

const undos: Undo[] = [];
let ending: Promise<void> | undefined;

export function atEnd(undo: Undo): void {
  undos.push(undo);
}

/** Runs `work`, then undoes. The process ends with the status that fits. */
export async function runAndCleanUp(work: () => Promise<void>): Promise<void> {
  for (const [signal, status] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const) {
    process.on(signal, () => {
      if (ending === undefined) process.stderr.write('cleaning up\n');
      void cleanUp().then(() => process.exit(status));
    });
  }
  try {
    await work();
  } catch (error) {
    // What fails because everything is being taken away is no news.
    if (ending === undefined) {
      process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
      process.exitCode = 1;
    }
  }
  await cleanUp();
}

function cleanUp(): Promise<void> {
  ending ??= undoAll();
  return ending;
}

async function undoAll(): Promise<void> {
  for (let undo = undos.pop(); undo; undo = undos.pop()) {
    try {
      await undo();
    } catch (error) {
      process.stderr.write(`cleaning up: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  }
}
