// Whom a command waits for, when it waits long: a role of which no copy answers.
import type { Context } from '../commands/context.ts';
import type { ControlRole } from '../roles/start-role.ts';

export interface Whom {
  /** A sentence; undefined while everybody is there, or as far as nobody knows. */
  readonly says: string | undefined;
  stop(): void;
}

/** As a rule all is done by then. */
const FIRST_LOOK_MS = 2_000;
const LOOK_EVERY_MS = 3_000;
const ANSWER_MS = 500;

/** `onChange` is told of each sentence once. */
export function watchWhom(
  { connection, bus }: Pick<Context, 'connection' | 'bus'>,
  roles: readonly ControlRole[],
  onChange: (says: string) => void = () => undefined,
): Whom {
  let says: string | undefined;
  let stopped = false;
  let timer = setTimeout(look, FIRST_LOOK_MS);

  function look(): void {
    find().then(note, () => note(undefined));
  }

  async function find(): Promise<string | undefined> {
    const [{ discoverCopies }, { askCopies }, { countRoles, standstill }] = await Promise.all([
      import('@muster/runtime'),
      import('@muster/telemetry'),
      import('../roles/present-roles.ts'),
    ]);
    // Whoever may not look knows nothing: that is an error.
    const copies = await discoverCopies(connection, ANSWER_MS);
    const absent = (counts: ReadonlyMap<string, number>) => roles.filter((role) => !counts.has(role));
    if (absent(countRoles(copies, [])).length === 0) return undefined;
    const processes = await askCopies(bus, 'control', { patienceMs: ANSWER_MS });
    const [role] = absent(countRoles(copies, processes));
    return role && `waits for the ${role}, and none answers: ${standstill[role]}; start \`muster ${role}\``;
  }

  function note(found: string | undefined): void {
    if (stopped) return;
    if (found !== undefined && found !== says) onChange(found);
    says = found;
    timer = setTimeout(look, LOOK_EVERY_MS);
  }

  return {
    get says() {
      return says;
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
