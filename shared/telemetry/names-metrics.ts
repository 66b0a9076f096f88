// What a resolver has answered, and from how much.
import { counter, each, type Metric, one } from './metric.ts';

export const namesMetrics: readonly Metric[] = [
  {
    name: 'muster_dns_queries_total',
    help: 'Queries by how they were answered: with addresses or names, empty (the name has nothing of the kind), unknown, forwarded, refused, failed; or malformed.',
    type: 'counter',
    labels: ['result'],
    read: ({ names }) => each('result', names?.queries),
  },
  {
    name: 'muster_dns_failures_total',
    help: 'What went wrong with names, by what it was.',
    type: 'counter',
    labels: ['kind'],
    read: ({ names }) => each('kind', names?.failures),
  },
  counter(
    'muster_dns_upstream_seconds_total',
    'Time that other servers took for the queries that were forwarded, all of it.',
    ({ names }) => names && names.upstreamMs / 1000,
  ),
  {
    name: 'muster_dns_objects',
    help: 'What is known to the resolver: networks, names on them, and addresses that may ask.',
    type: 'gauge',
    labels: ['kind'],
    read: ({ names }) =>
      each('kind', names && { networks: names.networks, names: names.names, askers: names.askers }),
  },
  {
    name: 'muster_dns_broken_files',
    help: 'Files of names that can not be read: what was read before stands.',
    type: 'gauge',
    read: ({ names }) => one(names && Object.keys(names.broken).length),
  },
];
