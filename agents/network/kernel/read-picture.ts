// Looks at a namespace: one `ip`, and one `bridge` where there is an overlay's device.
import { parsePicture, QUESTIONS } from '../links/parse-picture.ts';
import { emptyPicture, type Picture } from '../links/picture.ts';
import { isNamespace } from './namespace.ts';
import { type Netns, run, runBatch, runOrFail } from './run.ts';

export async function readPicture(netns: Netns, isOurs: (link: string) => boolean): Promise<Picture> {
  const answers = await askIp(netns, QUESTIONS);
  const hasOverlay = (answers[0] as { ifname: string }[]).some(
    ({ ifname }) => ifname === 'vx0' && isOurs(ifname),
  );
  const forwarding = hasOverlay ? await readForwarding(netns) : [];
  return parsePicture(answers, forwarding, isOurs);
}

/** The same of a task's, which may have gone, and has nothing then. */
export async function readTaskPicture(netns: string, isOurs: (link: string) => boolean): Promise<Picture> {
  return await readPicture(netns, isOurs).catch(() => emptyPicture);
}

/** A line of answer for each question. */
export async function askIp(netns: Netns, questions: readonly string[]): Promise<unknown[][]> {
  const said = await runOrFail(netns, ['ip', '-j', '-d', '-batch', '-'], `${questions.join('\n')}\n`);
  return said
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line));
}

async function readForwarding(netns: Netns): Promise<unknown[]> {
  const { code, stdout } = await run(netns, ['bridge', '-j', 'fdb', 'show', 'dev', 'vx0']);
  return code === 0 && stdout.trim() !== '' ? JSON.parse(stdout) : [];
}

/** At once: with the namespace they would go when the kernel comes to it, and not while somebody is in it. */
export async function removeLinks(netns: string): Promise<void> {
  if (!isNamespace(netns)) return;
  const { links } = await readPicture(netns, () => true);
  const lines = [...links.keys()].filter((name) => name !== 'lo').map((name) => `link delete ${name}`);
  await runBatch(netns, 'ip', lines);
}
