// `muster completion SHELL` prints a script; the script calls `muster complete -- WORDS` for what could come next.
// The script for fish is @bomb.sh/tab's. For bash and zsh there are scripts of our own: tab's for bash needs the
// bash-completion package, fails when it is read twice, and evaluates what stands on the line; its for zsh takes a quoted
// word with blanks for several.
import { Argument, type Command } from 'commander';
import { readGlobals } from '../globals.ts';
import { addExamples } from './context.ts';

const bashScript = `# bash completion for muster
_muster_complete() {
    local rest=\${COMP_LINE:0:COMP_POINT} words=() count=0 i word line breaks= cur
    # bash also splits at colons and equal signs: what no blank stands between is one word.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        line=$rest
        rest=\${rest#"\${rest%%[![:blank:]]*}"}
        word=\${COMP_WORDS[i]}
        if ((i == COMP_CWORD)); then word=$rest; fi
        if ((i > 0)) && [[ $rest == "$line" ]]; then
            words[count - 1]+=$word
        else
            words[count]=$word
            ((count += 1))
        fi
        rest=\${rest#"$word"}
    done
    cur=\${words[count - 1]}
    COMPREPLY=()
    while IFS= read -r line; do
        case $line in
            :*) ;;
            *) COMPREPLY+=("\${line%%$'\\t'*}") ;;
        esac
    done < <(muster complete -- "\${words[@]:1}" 2>/dev/null)
    if ((\${#COMPREPLY[@]} == 0)); then return; fi
    # A name that a number follows.
    if [[ \${COMPREPLY[0]} == *= ]]; then compopt -o nospace 2>/dev/null; fi
    # What stands before the last of bash's breaks stays as it is.
    if [[ $COMP_WORDBREAKS == *=* ]]; then breaks+='='; fi
    if [[ $COMP_WORDBREAKS == *:* ]]; then breaks+=':'; fi
    case $cur in
        -*=*) if [[ $breaks != *=* ]]; then COMPREPLY=("\${COMPREPLY[@]/#/\${cur%%=*}=}"); fi ;;
        *[:=]*) if [[ -n $breaks ]]; then COMPREPLY=("\${COMPREPLY[@]#"\${cur%"\${cur##*[$breaks]}"}"}"); fi ;;
    esac
}
complete -o default -F _muster_complete muster
`;

const zshScript = `#compdef muster
# zsh completion for muster
_muster() {
    local line directive=0
    local -a found ending
    # Each word as the program would get it, without its quotes; nothing in it is carried out.
    for line in "\${(@f)$(muster complete -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}"; do
        case $line in
            :<->) directive=\${line#:} ;;
            *$'\\t'*) found+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
            ?*) found+=("\${line//:/\\\\:}") ;;
        esac
    done
    if [[ $PREFIX == -*=* ]]; then compset -P '*='; fi
    # A name that a number follows.
    if (( directive & 2 )); then ending=(-S ''); fi
    if (( directive & 16 )); then
        _files -/
    elif (( \${#found} > 0 )); then
        _describe muster found "\${ending[@]}"
    elif (( ! (directive & 4) )); then
        _files
    fi
}

# From a folder of $fpath it is called at once; where it is read with source, it only says what it is for.
if [[ \${funcstack[1]} == _muster ]]; then
    _muster "$@"
else
    if (( ! \${+functions[compdef]} )); then autoload -Uz compinit && compinit; fi
    compdef _muster muster
fi
`;

const ownScripts = new Map([
  ['bash', bashScript],
  ['zsh', zshScript],
]);

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
    'source <(muster completion zsh)',
    'muster completion fish | source',
    'muster completion bash > /etc/bash_completion.d/muster',
    'muster completion zsh > "${fpath[1]}/_muster"',
    'muster completion fish > ~/.config/fish/completions/muster.fish',
  );
  command.action(async (shell: string) => {
    const own = ownScripts.get(shell);
    if (own !== undefined) {
      process.stdout.write(own);
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
