// Whom a command waits for, when it has to wait: a role that has halted, or of which no copy answers.
import type { Context } from '../commands/context.ts';
import { plainText } from '../output/plain-text.ts';
import type { ControlRole } from '../roles/start-role.ts';

export interface Whom {
  /** A sentence; undefined while everybody is there, or as far as nobody knows. */
  readonly says: string | undefined;
  stop(): void;
}

/** As a rule all is done by then. */
const FIRST_LOOK_MS = 200;
const LOOK_EVERY_MS = 3_000;
const ANSWER_MS = 500;
/** Whoever is missing may be on its way. */
const MISSED_AFTER_MS = 2_000;

/** `onChange` is told of each sentence once. */
export function watchWhom(
  { connection, bus, queries }: Pick<Context, 'connection' | 'bus' | 'queries'>,
  roles: readonly ControlRole[],
  onChange: (says: string) => void = () => undefined,
): Whom {
  const startedAt = performance.now();
  let says: string | undefined;
  let stopped = false;
  let timer = setTimeout(look, FIRST_LOOK_MS);

  function look(): void {
    find().then(note, () => note(undefined));
  }

  async function find(): Promise<string | undefined> {
    const [{ adviseHalt, discoverCopies, explainHalt }, { askCopies }, { countRoles, standstill }, halts] =
      await Promise.all([
        import('@muster/runtime'),
        import('@muster/telemetry'),
        import('../roles/present-roles.ts'),
        import('../doctor/check-halt.ts'),
      ]);
    const processes = await askCopies(bus, 'control', {
      patienceMs: ANSWER_MS,
      isEnough: (answers) => roles.every((role) => countRoles([], answers).has(role)),
    });
    const halted = halts.findStandstill(processes, roles);
    if (halted)
      return `waits for the ${halted.role}, which has ${explainHalt(halted.halt)}; ${adviseHalt(halted.halt)}`;
    // Whoever may not ask them may ask the API.
    const told = processes.length > 0 ? undefined : halts.haltOf((await queries.ask('status', {})).answer);
    if (told) return `waits, and the API has ${explainHalt(told)}; ${adviseHalt(told)}`;
    const absent = (counts: ReadonlyMap<string, number>) => roles.filter((role) => !counts.has(role));
    if (absent(countRoles([], processes)).length === 0) return undefined;
    if (performance.now() - startedAt < MISSED_AFTER_MS) return undefined;
    // Whoever may not look knows nothing: that is an error.
    const copies = await discoverCopies(connection, ANSWER_MS);
    const [role] = absent(countRoles(copies, processes));
    return role && `waits for the ${role}, and none answers: ${standstill[role]}; start \`muster ${role}\``;
  }

  function note(said: string | undefined): void {
    if (stopped) return;
    // It quotes a record, which may be anybody's.
    const found = said === undefined ? undefined : plainText(said);
    const isEarly = performance.now() - startedAt < MISSED_AFTER_MS;
    timer = setTimeout(look, isEarly ? MISSED_AFTER_MS : LOOK_EVERY_MS);
    if (found !== undefined && found !== says) onChange(found);
    says = found;
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
