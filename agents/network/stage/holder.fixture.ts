// The program that holds ports, as the tests run it: it ends with the test, whatever ends that.
import { holdPorts } from '../ports/hold-ports.ts';

const POLL_MS = 500;
const [test, socketPath] = process.argv.slice(2);

setInterval(() => {
  try {
    process.kill(Number(test), 0);
  } catch {
    process.exit();
  }
}, POLL_MS).unref();
await holdPorts(socketPath!);
