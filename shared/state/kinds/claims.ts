// What is held by a key: the last sequence of each subject, and the ports that the allocator has picked.
import { defineKind } from './kind.ts';

export const last = defineKind<readonly [subject: string, seq: number]>({
  list: ({ lastSeqs }) => [...lastSeqs],
  restore({ lastSeqs }, [subject, seq]) {
    lastSeqs.set(subject, seq);
  },
});

export const port = defineKind<readonly [port: string, holder: string]>({
  list: ({ pickedPorts }) => [...pickedPorts],
  restore({ pickedPorts }, [key, holder]) {
    pickedPorts.set(key, holder);
  },
});
