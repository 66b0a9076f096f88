// Of commands that run nodes: whether those have part in networks, and where others reach them.
import { isIPv4 } from 'node:net';
import { InvalidArgumentError, Option } from 'commander';

export function dataPathOption(): Option {
  return new Option(
    '--data-path-addr <addr>',
    'the address of this machine that other nodes reach it by (default: the one it sends from)',
  ).argParser((text) => {
    if (!isIPv4(text)) throw new InvalidArgumentError('an IPv4 address of this machine.');
    return text;
  });
}

export function noNetworksOption(): Option {
  return new Option('--no-networks', 'have no part in networks of the cluster');
}
