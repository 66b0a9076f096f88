// The two things a dispatcher must know of a command that is stored. Never throws: a command it can't read, by
// whatever wrote it, counts as older than any, and is replaced.

export interface CommandHead {
  readonly basis: number;
  readonly forget: boolean;
}

const utf8 = new TextDecoder();
const unreadable: CommandHead = { basis: 0, forget: false };

export function readCommandHead(data: Uint8Array): CommandHead {
  try {
    const { type, basis } = JSON.parse(utf8.decode(data)) as { type?: unknown; basis?: unknown };
    return Number.isSafeInteger(basis) ? { basis: basis as number, forget: type === 'forget' } : unreadable;
  } catch {
    return unreadable;
  }
}
