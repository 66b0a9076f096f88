// The two things a dispatcher must know of a command that is stored. Never throws: a command it can't read, by
// whatever wrote it, counts as older than any, and is replaced.

export interface CommandHead {
  readonly basis: number;
  readonly forget: boolean;
}

/** As our own dispatchers write them: a million of these are read at a start, and their specs need no reading. */
const USUAL = /^\{"v":1,"type":"(task|forget)","basis":(\d{1,15})[,}]/;
const USUAL_BYTES = 64;

const utf8 = new TextDecoder();
const unreadable: CommandHead = { basis: 0, forget: false };

export function readCommandHead(data: Uint8Array): CommandHead {
  const usual = USUAL.exec(utf8.decode(data.subarray(0, USUAL_BYTES)));
  if (usual) return { basis: Number(usual[2]), forget: usual[1] === 'forget' };
  try {
    const { type, basis } = JSON.parse(utf8.decode(data)) as { type?: unknown; basis?: unknown };
    return Number.isSafeInteger(basis) ? { basis: basis as number, forget: type === 'forget' } : unreadable;
  } catch {
    return unreadable;
  }
}
