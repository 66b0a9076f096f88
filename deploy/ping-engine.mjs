// Asks a Docker engine whether it is there, as the program itself would: ping-engine.mjs HOST [SECONDS TO KEEP TRYING]
// Exits 0 when it answers. Changes nothing.
import process from 'node:process';
import Docker from 'dockerode';

const [host, patience = '0'] = process.argv.slice(2);
if (host !== undefined) process.env.DOCKER_HOST = host;
const giveUpAt = Date.now() + Number(patience) * 1000;

for (;;) {
  try {
    await new Docker({ timeout: 3000 }).ping();
    process.exit(0);
  } catch (error) {
    if (Date.now() >= giveUpAt) {
      console.error(error instanceof Error ? error.message : error);
      process.exit(1);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
