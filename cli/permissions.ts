// What the NATS server does not let this user do, and what that was for.

export interface Permission {
  readonly operation: string;
  readonly subject: string;
}

/** Of an error, or of what it was caused by: told by name, so that no client library is loaded for it. */
export function permissionOf(error: unknown): Permission | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at.name !== 'PermissionViolationError') continue;
    const { operation = 'publish', subject = '' } = at as Error & Partial<Permission>;
    return { operation, subject };
  }
  return undefined;
}

const purposes: readonly (readonly [RegExp, string])[] = [
  [/^muster\.intent\./, 'to ask for changes'],
  [/^muster\.event\.operator\.void\./, 'to declare records void'],
  [/^muster\.query\./, 'to ask the API'],
  [/^muster\.stats\./, 'to ask the processes of the cluster how they are'],
  [/^muster\./, 'to reach what answers there'],
  [/^\$JS\.API\.(STREAM\.INFO|CONSUMER)\b|^\$JS\.(ACK|FC)\b/, 'to follow the log'],
  [/^\$JS\./, 'to read what is stored'],
  [/^\$O\./, 'to read snapshots'],
  [/^\$SRV\b/, 'to find the copies of each role'],
  [/^_INBOX\b/, 'to be answered, also when something was stored'],
];

export function explainPermission({ operation, subject }: Permission): string {
  const purpose = purposes.find(([pattern]) => pattern.test(subject))?.[1];
  const verb = operation === 'subscription' ? 'subscribe to' : 'publish on';
  return `NATS does not let this user ${verb} "${subject}"${purpose === undefined ? '' : `, which is needed ${purpose}`}`;
}
