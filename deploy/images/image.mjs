// Puts an image into the Docker engine at DOCKER_HOST, or takes it out, without the docker program:
//   image.mjs import NAME VERSION < rootfs.tar     image.mjs remove NAME...
// An image that holds the same files already is left alone.
import { createHash } from 'node:crypto';
import process from 'node:process';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import Docker from 'dockerode';

const docker = new Docker();
const [verb, ...names] = process.argv.slice(2);

const inspect = (name) =>
  docker
    .getImage(name)
    .inspect()
    .catch((error) => {
      if (error.statusCode === 404) return undefined;
      throw error;
    });

async function importImage(name, version) {
  const files = await buffer(process.stdin);
  const content = createHash('sha256').update(files).digest('hex');
  if ((await inspect(name))?.Config?.Labels?.['muster.content'] === content) return;
  const [repo, tag] = name.split(':');
  const changes = [
    'ENV PATH=/bin',
    'CMD ["/bin/serve"]',
    'EXPOSE 80/tcp',
    `LABEL muster.content=${content} org.opencontainers.image.version=${version}`,
  ];
  const progress = await docker.importImage(Readable.from([files]), { repo, tag, changes });
  await new Promise((resolve, reject) =>
    docker.modem.followProgress(progress, (error) => (error ? reject(error) : resolve())),
  );
  if ((await inspect(name)) === undefined) throw new Error(`the engine took ${name} but doesn't have it`);
  console.log(`made the image ${name}`);
}

try {
  await docker.ping();
} catch (error) {
  const where = process.env.DOCKER_HOST || '/var/run/docker.sock';
  console.error(
    `images: no Docker engine answers at ${where} (${error.message || error.code}): start Docker, set DOCKER_HOST, or run this in deploy/with-engine`,
  );
  process.exit(1);
}
if (verb === 'import') await importImage(...names);
else for (const name of names) if (await inspect(name)) await docker.getImage(name).remove({ force: true });
