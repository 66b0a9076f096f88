// The program that holds ports, as the tests run it.
import { holdPorts } from '../ports/hold-ports.ts';

await holdPorts(process.argv.at(-1)!);
