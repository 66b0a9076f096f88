// What of a plan there is in IPv6 as well: the networks that have a subnet of it, with the twins of their addresses. Whatever is
// drawn of a plan is drawn of this one too, in the words of the other family.
import { addressWithin, parseAddress, parseSubnet, twinOf } from '@muster/model';
import type { NetworkPlan } from './plan.ts';

export function inIpv6(plan: NetworkPlan): NetworkPlan {
  const dual = plan.networks.flatMap(({ subnet6, ...network }) =>
    subnet6 === undefined ? [] : [{ ...network, subnet6, subnet4: parseSubnet(network.subnet)! }],
  );
  const byId = new Map(dual.map(({ id, subnet6 }) => [id, subnet6]));
  const byNumber = new Map(dual.map(({ number, subnet6 }) => [number, subnet6]));
  /** No address is of two networks. */
  const twinAnywhere = (address: string) => {
    const parsed = parseAddress(address)!;
    const network = dual.find(({ subnet4 }) => addressWithin(parsed, subnet4));
    return listTwins(network?.subnet6, [address]);
  };
  return {
    node: plan.node,
    networks: dual.map(({ subnet6, subnet4: _, block: __, ...network }) => ({ ...network, subnet: subnet6 })),
    peers: plan.peers.map((peer) => ({
      ...peer,
      blocks: peer.blocks.flatMap(({ network, block }) =>
        listTwins(byNumber.get(network), [block]).map((twin) => ({ network, block: twin })),
      ),
    })),
    attachments: plan.attachments.flatMap((one) =>
      listTwins(byId.get(one.networkId), [one.address]).map((address) => ({ ...one, address })),
    ),
    services: plan.services.flatMap(({ networkId, vip, endpoints }) =>
      listTwins(byId.get(networkId), [vip]).map((twin) => ({
        networkId,
        vip: twin,
        endpoints: listTwins(byId.get(networkId), endpoints),
      })),
    ),
    published: plan.published.map((one) => ({ ...one, endpoints: one.endpoints.flatMap(twinAnywhere) })),
  };
}

function listTwins(subnet6: string | undefined, texts: readonly string[]): string[] {
  return subnet6 === undefined ? [] : texts.map((text) => twinOf(subnet6, text));
}
