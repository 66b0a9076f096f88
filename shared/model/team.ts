// Teams: whose services are whose. The default team has no name, so that whoever needs no teams never meets one.
import { type Refusal, refuse } from './refusal.ts';

export const DEFAULT_TEAM = '';

const MAX_TEAM_LENGTH = 63;

/**
 * In lower case only: subjects are told apart by case and people hardly are, so that a permission for `@payments` would
 * cover half of what they take for one team.
 */
export function checkTeamName(team: string): Refusal | undefined {
  if (!/^[a-z0-9][a-z0-9_-]*$/.test(team))
    return refuse('invalid', `invalid team "${team}", only [a-z0-9][a-z0-9_-]* are allowed`, 'team');
  if (team.length > MAX_TEAM_LENGTH)
    return refuse('invalid', `a team's name must be ${MAX_TEAM_LENGTH} characters or fewer`, 'team');
  if (team === 'default')
    return refuse('invalid', 'the default team has no name: leave the team out', 'team');
  return undefined;
}

export interface TeamName {
  readonly team: string;
  readonly name: string;
}

/** "payments/web"; in the default team the name alone. Neither teams nor services may have a slash in their names. */
export function nameWithTeam({ team, name }: TeamName): string {
  return team === DEFAULT_TEAM ? name : `${team}/${name}`;
}

/** What was written as above, or a name in the team given. */
export function readNameWithTeam(text: string, team: string): TeamName {
  const slash = text.indexOf('/');
  return slash > 0 ? { team: text.slice(0, slash), name: text.slice(slash + 1) } : { team, name: text };
}
