// Looks at a namespace: one `ip`, and one `bridge` where there is an overlay's device.
import { parsePicture, QUESTIONS, QUESTIONS6 } from '../links/parse-picture.ts';
import { emptyPicture, type Picture } from '../links/picture.ts';
import { isNamespace } from './namespace.ts';
import { type Netns, run, runBatch, runOrFail } from './run.ts';

/** Rules of IPv6 cost one more fork, and are looked for where they may be. */
export async function readPicture(
  netns: Netns,
  isOurs: (link: string) => boolean,
  hasIpv6: boolean,
): Promise<Picture> {
  const answers = await askIp(netns, QUESTIONS);
  const answers6 = hasIpv6 ? await askIp(netns, QUESTIONS6, ['-6']) : [];
  const hasOverlay = (answers[0] as { ifname: string }[]).some(
    ({ ifname }) => ifname === 'vx0' && isOurs(ifname),
  );
  const forwarding = hasOverlay ? await readForwarding(netns) : [];
  return parsePicture(answers, answers6, forwarding, isOurs);
}

/** The same of a task's, which may have gone, and has nothing then. */
export async function readTaskPicture(
  netns: string,
  isOurs: (link: string) => boolean,
  hasIpv6: boolean,
): Promise<Picture> {
  return await readPicture(netns, isOurs, hasIpv6).catch(() => emptyPicture);
}

/** A line of answer for each question. */
export async function askIp(
  netns: Netns,
  questions: readonly string[],
  flags: readonly string[] = [],
): Promise<unknown[][]> {
  const said = await runOrFail(
    netns,
    ['ip', ...flags, '-j', '-d', '-batch', '-'],
    `${questions.join('\n')}\n`,
  );
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
  const { links } = await readPicture(netns, () => true, false);
  const lines = [...links.keys()].filter((name) => name !== 'lo').map((name) => `link delete ${name}`);
  await runBatch(netns, 'ip', lines);
}
