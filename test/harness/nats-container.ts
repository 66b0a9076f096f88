// A nats-server in a container of its own, through testcontainers, from an image made of nothing but the program this
// machine has: for tests where the server must be somewhere else, as behind a published port.
import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { findNatsServer } from '@muster/runtime';
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers';

const PORT = 4222;

// It would have to be pulled; the tests' engine is stopped with all it runs, and stop() takes care of other engines.
process.env.TESTCONTAINERS_RYUK_DISABLED = 'true';

export interface NatsContainer {
  readonly url: string;
  readonly container: StartedTestContainer;
  stop(): Promise<void>;
}

export async function startNatsContainer(): Promise<NatsContainer> {
  const context = await mkdtemp(join(tmpdir(), 'muster-image-'));
  try {
    await fillContext(context);
    const image = await GenericContainer.fromDockerfile(context).build('muster/nats-server:test', {
      deleteOnExit: false,
    });
    const container = await image
      .withExposedPorts(PORT)
      .withWaitStrategy(Wait.forLogMessage('Server is ready'))
      .start();
    const url = `nats://${container.getHost()}:${container.getMappedPort(PORT)}`;
    return {
      url,
      container,
      stop: async () => {
        await container.stop();
      },
    };
  } finally {
    await rm(context, { recursive: true, force: true });
  }
}

async function fillContext(context: string): Promise<void> {
  const binary = await findNatsServer();
  await copyFile(binary, join(context, 'nats-server'));
  for (const library of await librariesOf(binary)) {
    const copy = join(context, 'libraries', library);
    await mkdir(dirname(copy), { recursive: true });
    await copyFile(library, copy);
  }
  await mkdir(join(context, 'libraries/data'), { recursive: true });
  await writeFile(
    join(context, 'Dockerfile'),
    `FROM scratch
COPY libraries /
COPY nats-server /nats-server
ENTRYPOINT ["/nats-server", "--jetstream", "--store_dir", "/data"]
`,
  );
}

/** What a dynamically linked program needs beside it; a static one needs nothing. */
async function librariesOf(binary: string): Promise<string[]> {
  const output = await promisify(execFile)('ldd', [binary]).then(
    ({ stdout }) => stdout,
    () => '',
  );
  return [...output.matchAll(/(?:=>\s+|^\s*)(\/\S+) \(0x/gm)].map(([, path]) => path!);
}
