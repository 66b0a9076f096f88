// A network as Docker's API shows it, and what muster knows beside that: which node gives addresses of which part. Pure.
import type { NetworkDetail } from '@muster/api';
import { subnetsOverlap, userMap, withOmitted } from '@muster/model';
import { scopeOf } from './network-list.ts';

export function toDockerNetwork(network: NetworkDetail, { verbose = false } = {}): object {
  const { id, name, team, createdAt, spec, number, failure } = network;
  const shown = {
    Name: name,
    Id: id,
    ...(team !== undefined && { Team: team }),
    Created: new Date(createdAt).toISOString(),
    Scope: scopeOf(network),
    Driver: spec.driver,
    EnableIPv4: true,
    EnableIPv6: network.ipv6,
    IPAM: { Driver: 'default', Options: null, Config: listConfigs(network) },
    Internal: spec.internal,
    Attachable: spec.attachable,
    Ingress: spec.ingress,
    ConfigFrom: { Network: '' },
    ConfigOnly: false,
    Options: userMap(spec.options),
    Labels: userMap(spec.labels),
    ...(number !== undefined && { Number: number }),
    ...(failure !== undefined && { Message: failure }),
    Blocks: network.blocks.map(({ block, nodeId, hostname = '', tasks }) => ({
      Block: block,
      NodeID: nodeId,
      NodeHostname: hostname,
      Tasks: tasks,
    })),
    Services: listServices(network, verbose),
    ...(network.omittedTasks > 0 && { OmittedTasks: network.omittedTasks }),
  };
  return withOmitted(shown, { Team: '', Number: 0, Message: '', OmittedTasks: 0 });
}

/** As allocated; as asked for until then. */
function listConfigs({ subnets, spec }: NetworkDetail): object[] {
  const asked = spec.ipam.configs;
  const given = subnets.length > 0 ? subnets : asked;
  return given.map(({ subnet, gateway }) => {
    const { ipRange, auxAddresses } = asked.find((one) => subnetsOverlap(one.subnet, subnet)) ?? {};
    return withOmitted(
      {
        Subnet: subnet,
        ...(ipRange !== undefined && { IPRange: ipRange }),
        ...(gateway !== undefined && { Gateway: gateway }),
        ...(auxAddresses && { AuxiliaryAddresses: userMap(auxAddresses) }),
      },
      { IPRange: '', Gateway: '', AuxiliaryAddresses: userMap({}) },
    );
  });
}

function listServices({ members }: NetworkDetail, verbose: boolean): object {
  const services = members.map(({ id, name, addresses, aliases, tasks }) => [
    name,
    {
      ID: id,
      VIP: addresses.join(', '),
      Aliases: aliases,
      ...(verbose && {
        Tasks: tasks.map((task) => ({
          Name: task.name,
          EndpointID: task.id,
          EndpointIP: task.addresses.join(', '),
          NodeID: task.nodeId,
          NodeHostname: task.hostname,
        })),
      }),
    },
  ]);
  return userMap(Object.fromEntries(services) as Record<string, object>);
}
