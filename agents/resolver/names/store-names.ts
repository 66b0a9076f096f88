// For whoever owns the names: writes a file so that the resolver reads all of it or what was there before.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { replaceFile } from '@muster/runtime';
import { ASKERS_FILE, type Askers, type NetworkNames, nameNetworkFile } from './forms.ts';

export async function storeNetworkNames(folder: string, names: NetworkNames): Promise<void> {
  await mkdir(folder, { recursive: true });
  await replaceFile(join(folder, nameNetworkFile(names.network)), JSON.stringify(names));
}

export async function storeAskers(folder: string, askers: Askers): Promise<void> {
  await mkdir(folder, { recursive: true });
  await replaceFile(join(folder, ASKERS_FILE), JSON.stringify(askers));
}

export async function removeNetworkNames(folder: string, network: string): Promise<void> {
  await rm(join(folder, nameNetworkFile(network)), { force: true });
}
