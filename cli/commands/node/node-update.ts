import { nodeAvailabilities, nodeRoles } from '@muster/model';
import { type Command, Option } from 'commander';
import { CliError, usageError } from '../../errors.ts';
import type { AskOfNode } from '../../wait/ask-of-nodes.ts';
import { addExamples, withCluster } from '../context.ts';
import { addVerdictOptions, type WaitFlags } from '../wait-options.ts';

interface Flags extends WaitFlags {
  readonly availability?: string;
  readonly role?: string;
  readonly labelAdd?: readonly string[];
  readonly labelRm?: readonly string[];
}

export function addNodeUpdate(node: Command): void {
  const command = node
    .command('update')
    .summary('Change what is wanted of one or several nodes')
    .description(
      'Set the availability, the role or the labels of nodes. A drained node loses its tasks, a paused one gets no more; tasks leave a node whose labels or role they may not run with.',
    )
    .usage('[OPTIONS] NODE [NODE...]')
    .argument('<node...>', 'hostnames or IDs')
    .addOption(
      new Option('--availability <availability>', 'what it may run').choices([...nodeAvailabilities]),
    )
    .addOption(new Option('--role <role>', 'what constraints see as node.role').choices([...nodeRoles]))
    .option('--label-add <key[=value]>', 'add or change a label', collect)
    .option('--label-rm <key>', 'remove a label if it is there', collect);
  addVerdictOptions(command);
  addExamples(
    command,
    'muster node update --availability drain node1',
    'muster node update --availability active node1 node2',
    'muster node update --label-add zone=a --label-rm old node1',
  );
  command.action(async (names: string[], flags: Flags) => {
    const body = bodyOf(flags);
    await withCluster(command, async (context) => {
      const { askOfNodes } = await import('../../wait/ask-of-nodes.ts');
      const ask: AskOfNode = ({ shown, found }) => {
        for (const label of flags.labelRm ?? []) {
          if (found && !Object.hasOwn(found.labels, label))
            throw new CliError(`key ${label} doesn't exist in node's labels`);
        }
        return { verb: 'update', body, announce: shown };
      };
      await askOfNodes(context, names, flags, ask);
    });
  });
}

function bodyOf({ availability, role, labelAdd, labelRm }: Flags): Record<string, unknown> {
  const labels = (labelAdd ?? []).map((text) => {
    const [key = '', ...value] = text.split('=');
    if (key === '') throw usageError(`invalid label format: ${text}`);
    return [key, value.join('=')] as const;
  });
  const body = {
    ...(availability !== undefined && { availability }),
    ...(role !== undefined && { role }),
    ...(labels.length > 0 && { addLabels: Object.fromEntries(labels) }),
    ...(labelRm !== undefined && { removeLabels: labelRm }),
  };
  if (Object.keys(body).length === 0)
    throw usageError('nothing to change: give --availability, --role, --label-add or --label-rm');
  return body;
}

function collect(text: string, before: readonly string[] = []): readonly string[] {
  return [...before, text];
}
