// What clusters have on the machine that doctor runs on, as far as it can be seen from here: the containers of its engine, and
// the processes kept in the directories of agents.
import { readdir } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { type AgentDirectory, lookIntoDirectory } from '@muster/agent';
import { findContainers, findProcesses } from '@muster/backends';
import type { Leftovers } from './check-leftovers.ts';

/** Where agents are unless they are told otherwise. */
const usualDirs = () => ['agent', 'up'].map((name) => join(homedir(), '.muster', name));

export async function findLeftovers(dirs: readonly string[]): Promise<Leftovers> {
  const places = await Promise.all([...usualDirs(), ...dirs].map((dir) => listAgentDirs(resolve(dir))));
  const directories = [...new Set(places.flat())];
  const agents = await Promise.all(directories.map(lookIntoDirectory));
  const [containers, ...processes] = await Promise.all([
    findContainers(),
    ...directories.map((dir) => findProcesses(join(dir, 'tasks'))),
  ]);
  return { found: [...containers, ...processes.flat()], tended: new Set(agents.flatMap(nodeOfAgent)) };
}

function nodeOfAgent({ nodeId, isHeld }: AgentDirectory): string[] {
  return isHeld && nodeId !== undefined ? [nodeId] : [];
}

/** That of an agent, or that of `muster up` with those of its nodes. */
async function listAgentDirs(dir: string): Promise<string[]> {
  const nodes = join(dir, 'nodes');
  const names = await readdir(nodes).catch(() => []);
  return [dir, ...names.map((name) => join(nodes, name))];
}
