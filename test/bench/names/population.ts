// What a resolver is asked about: services and their tasks on one network, and addresses of loopback that ask.
import type { Askers, NetworkNames } from '@muster/resolver';

const NETWORK = 'bench1';

export function populate(services: number, tasks: number): NetworkNames {
  const names: Record<string, string[]> = {};
  const hosts: Record<string, string> = {};
  const each = Math.ceil(tasks / services);
  for (let service = 0; service < services; service += 1) {
    const name = nameService(service);
    const mine = Array.from({ length: each }, (_, task) => address(services + service * each + task));
    names[name] = [address(service)];
    names[`tasks.${name}`] = mine;
    for (const [task, one] of mine.entries()) {
      const host = `${name}.${task + 1}.abcdefghijklmnopqrstuvwxy`;
      names[host] = [one];
      hosts[one] = host;
    }
  }
  return { v: 1, network: NETWORK, subnets: ['10.0.0.0/8'], names, hosts };
}

export function listAskers(count: number): Askers {
  const addresses = Array.from({ length: count }, (_, asker) => nameAsker(asker));
  return { v: 1, askers: Object.fromEntries(addresses.map((one) => [one, { networks: [NETWORK] }])) };
}

export const nameService = (service: number) => `service-${service}`;
export const nameAsker = (asker: number) => `127.1.${asker >> 8}.${(asker & 255) + 1}`;

function address(number: number): string {
  return `10.${number >> 16}.${(number >> 8) & 255}.${number & 255}`;
}

const HEADER_BYTES = 12;

/** A question for an IPv4 address, with id 0. */
export function writeQuery(name: string): Buffer {
  const labels = name.split('.').flatMap((label) => [Buffer.from([label.length]), Buffer.from(label)]);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(0x0100, 2);
  header.writeUInt16BE(1, 4);
  return Buffer.concat([header, ...labels, Buffer.from([0, 0, 1, 0, 1])]);
}
