// Completion in shells as people have them: what <Tab> makes of a line. Bash is in cli.int.test.ts.
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCluster, type TestCluster } from '../harness/cluster.ts';
import { inProject } from '../harness/root.ts';

let cluster: TestCluster;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  cluster = await startCluster();
  await cluster.start('up', '--nodes', '1', '--backend', 'simulator');
  for (const name of ['web', 'db']) await cluster.print('service', 'create', '-d', '--name', name, 'nginx:1');
  const bin = join(cluster.dir, 'bin');
  mkdirSync(bin);
  mkdirSync(join(cluster.dir, 'a folder'));
  writeFileSync(join(cluster.dir, 'a file'), '');
  const muster = `#!/bin/sh\nexec "${process.execPath}" "${inProject('dist', 'muster.js')}" "$@"\n`;
  writeFileSync(join(bin, 'muster'), muster);
  chmodSync(join(bin, 'muster'), 0o755);
  env = {
    PATH: `${bin}:${process.env.PATH}`,
    HOME: cluster.dir,
    TERM: 'xterm',
    LANG: 'C.UTF-8',
    MUSTER_NATS: cluster.url,
  };
});

afterAll(() => cluster?.stop());

async function run(shell: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(shell, args, {
    cwd: cluster.dir,
    env,
    timeout: 30_000,
  });
  expect(stderr).toBe('');
  return stdout;
}

const isHere = (shell: string) => spawnSync(shell, ['-c', 'true']).status === 0;
const named = (shell: string) => `in ${shell}${isHere(shell) ? '' : ' (not tried: it is not installed)'}`;

/** Names that come too late are not offered: on a busy machine that happens. */
const patiently = { retry: 3 };

/** A word that would be a program's if it were carried out. */
const trap = '$(touch trapped)';

describe.runIf(isHere('zsh'))(`completion ${named('zsh')}`, patiently, () => {
  const press = (line: string, setup: string) =>
    run('zsh', ['-f', inProject('test', 'harness', 'press-tab.zsh'), setup, line]);
  const sourced = 'source <(muster completion zsh)';

  it.each([
    ['muster service cr', 'muster service create |\ncreate\n'],
    ['muster agent --backend ', 'muster agent --backend |\ndocker\nprocess\nsimulator\n'],
    ['muster agent --backend=s', 'muster agent --backend=simulator |\nsimulator\n'],
    ['muster agent --dir ./a', 'muster agent --dir ./a\\ folder/|\na\\ folder\n'],
    ['muster agent --dir=./a', 'muster agent --dir=./a\\ folder/|\na\\ folder\n'],
    [
      'muster service create --env-file ./a\\ fi',
      'muster service create --env-file ./a\\ file |\na\\ file\n',
    ],
    ['muster service ps w', 'muster service ps web |\nweb\n'],
    ['muster service ps "w', 'muster service ps "web" |\nweb\n'],
    ['muster service scale w', 'muster service scale web=|\nweb=\n'],
    ['muster --nats URL service ps d', 'muster --nats URL service ps db |\ndb\n'],
    ['muster service update --label-add "a b" d', 'muster service update --label-add "a b" db |\ndb\n'],
    ['muster service update --label-add a\\ b d', 'muster service update --label-add a\\ b db |\ndb\n'],
    [`muster service update --label-add ${trap} d`, `muster service update --label-add ${trap} db |\ndb\n`],
    [
      'muster service create -p published=8080,target=80 --na',
      'muster service create -p published=8080,target=80 --na|\n--name\n--nats\n',
    ],
  ])('%s', async (line, becomes) => {
    const withUrl = (text: string) => text.replace('URL', cluster.url);
    expect(await press(withUrl(line), sourced)).toBe(withUrl(becomes));
    expect(await run('sh', ['-c', 'ls'])).not.toContain('trapped');
  });

  it('is found in a folder of functions as well', async () => {
    const script = await cluster.print('completion', 'zsh');
    mkdirSync(join(cluster.dir, 'functions'));
    writeFileSync(join(cluster.dir, 'functions', '_muster'), script);
    const setup = 'fpath=($PWD/functions $fpath); autoload -Uz compinit && compinit -u -D';
    expect(await press('muster service ps w', setup)).toBe('muster service ps web |\nweb\n');
  });
});

describe.runIf(isHere('fish'))(`completion ${named('fish')}`, patiently, () => {
  it.each([
    ['muster service cr', 'create\tCreate a service\n'],
    ['muster agent --backend ', 'docker\nprocess\nsimulator\n'],
    ['muster agent --backend=s', '--backend=simulator\n'],
    ['muster agent --dir=./a\\ fo', '--dir=./a folder/\n'],
    ['muster service create --env-file ./a\\ fi', './a file\n'],
    ['muster service ps w', 'web\n'],
    ['muster service scale w', 'web=\n'],
    ['muster --nats URL service ps d', 'db\n'],
    ['muster service update --label-add "a b" d', 'db\n'],
    ['muster service update --label-add a\\ b d', 'db\n'],
    [`muster service update --label-add "${trap}" d`, 'db\n'],
  ])('%s', async (line, offered) => {
    const script = 'muster completion fish | source; complete -C $argv[1]';
    expect(await run('fish', ['--no-config', '-c', script, line.replace('URL', cluster.url)])).toBe(offered);
    expect(await run('sh', ['-c', 'ls'])).not.toContain('trapped');
  });
});
