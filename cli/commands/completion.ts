// `muster completion SHELL` prints a script; the script calls `muster complete -- WORDS` for what could come next.
// Scripts for zsh and fish, and the matching, are @bomb.sh/tab's. For bash a script of our own: tab's needs the
// bash-completion package, fails when it is read twice, and evaluates what stands on the line.
import { Argument, type Command } from 'commander';
import { readGlobals } from '../globals.ts';
import { addExamples } from './context.ts';

const bashScript = `# bash completion for muster
_muster_complete() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :*) ;;
            *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
        esac
    done < <(muster complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -o default -F _muster_complete muster
`;

export function addCompletionCommand(program: Command): void {
  const command = program
    .command('completion')
    .summary('Print the completion script of a shell')
    .description(
      'Print the completion script of a shell, which also completes the names of services, nodes and tasks.',
    )
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']));
  addExamples(
    command,
    'source <(muster completion bash)',
    'muster completion bash > /etc/bash_completion.d/muster',
    'muster completion zsh > "${fpath[1]}/_muster"',
    'muster completion fish > ~/.config/fish/completions/muster.fish',
  );
  command.action(async (shell: string) => {
    if (shell === 'bash') {
      process.stdout.write(bashScript);
      return;
    }
    const { default: tab } = await import('@bomb.sh/tab');
    tab.setup('muster', 'muster', shell);
  });
  program
    .command('complete', { hidden: true })
    .argument('[words...]')
    .allowUnknownOption()
    .helpOption(false)
    .action(async (words: string[], _flags, complete: Command) => {
      const { completeWords } = await import('../completion/complete-words.ts');
      await completeWords(program, words, readGlobals(complete));
      // A server that does not answer would be waited for.
      process.exit();
    });
}
