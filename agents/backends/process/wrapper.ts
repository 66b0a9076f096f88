// The small shell around each task's command. It outlives the agent, and leaves on record what an agent that
// comes back must know: who runs the task, and how that ended.

/** What the wrapper is called in the list of processes; the task's directory comes after it. */
export const WRAPPER_NAME = 'muster-task';

/** The wrapper's exit code when the task is on record already: another one runs it, or has. */
export const ALREADY_RUN = 125;

/**
 * Just before the command, in the process that becomes it: a session and group of its own, so that a signal to
 * the task reaches all of it and nothing else, and one more line for the record. File descriptor 3 tells the
 * agent, if it still lives; 4 is the command's stderr. The task's environment is its command's alone: no shell of ours
 * ever has it.
 */
const prelude = `
read -r stat </proc/$$/stat && echo "$stat" >>"$0/run" || exit 126
trap "" PIPE; echo ready >&3; trap - PIPE
exec 2>&4 3>&- 4>&-
. "$0/command"
`;

/**
 * Argument: the task's directory, where the command is. Its own stderr is nowhere: shells comment on killed children.
 * - \`set -C\` makes the record exclusive: of two wrappers of a task one runs it, whatever became of their agents.
 * - With the command its whole group ends, as a container does with its first process.
 */
export const wrapper = `
dir=$1
set -C
{
  read -r stat </proc/$$/stat && read -r boot </proc/sys/kernel/random/boot_id &&
  printf '%s\\n%s\\n' "$boot" "$stat" >"$dir/run"
} || exit ${ALREADY_RUN}
(exec setsid /bin/sh -c '${prelude}' "$dir")
code=$?
{ read -r boot; read -r stat; read -r group rest; } <"$dir/run"
echo $code >|"$dir/exit"
[ -z "$group" ] || kill -s KILL -- "-$group"
`;

/** A command with its environment, as the shell's `.` reads it. What `env` is told is seen by others for a moment only. */
export function writeCommand(command: readonly string[], env: Readonly<Record<string, string>>): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  // With an equals sign in its path it would be one more variable.
  const run = command[0]!.includes('=') ? ['/bin/sh', '-c', 'exec "$0" "$@"', ...command] : command;
  return `exec env -i -- ${[...variables, ...run].map(quote).join(' ')}\n`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
