// The metrics of the fold: how far it is, and whether it is of the log that there is.
import { WIRE_VERSION } from '@muster/events';
import { counter, each, flag, type Metric, one, type ValueMetric } from './metric.ts';
import type { LossCounts } from './observed.ts';

/** Copies of one process have seen the same. */
function lossCounter(name: string, help: string, of: keyof LossCounts): ValueMetric {
  return { name, help, type: 'counter', merge: 'most', read: ({ fold: seen }) => one(seen?.losses[of]) };
}

export const foldMetrics: readonly Metric[] = [
  counter(
    'muster_events_folded_total',
    'Records folded since the copy had caught up.',
    (r) => r.fold?.folded,
  ),
  {
    name: 'muster_fold_head_sequence',
    help: 'The last sequence folded.',
    type: 'gauge',
    merge: 'least',
    read: ({ fold: seen }) => one(seen?.head),
  },
  {
    name: 'muster_log_head_sequence',
    help: 'The last sequence of the log; missing when the log did not answer.',
    type: 'gauge',
    merge: 'most',
    read: ({ fold: seen }) => one(seen?.logHead),
  },
  {
    name: 'muster_fold_lag_events',
    help: 'Records of the log that are not folded yet; missing when the log did not answer.',
    type: 'gauge',
    merge: 'most',
    read: ({ fold: seen }) =>
      one(seen?.logHead === undefined ? undefined : Math.max(0, seen.logHead - seen.head)),
  },
  {
    name: 'muster_wire_version',
    help: 'The wire version of the cluster, as folded, and the newest that this build reads.',
    type: 'gauge',
    merge: 'least',
    labels: ['of'],
    read: ({ fold: seen }) => (seen ? each('of', { cluster: seen.wireVersion, build: WIRE_VERSION }) : []),
  },
  {
    name: 'muster_fold_halted',
    help: '1 when this copy does not understand a record: it decides nothing until it is upgraded, or the record is void.',
    type: 'gauge',
    merge: 'most',
    read: ({ fold: seen }) => flag(seen && seen.halted !== undefined),
  },
  {
    name: 'muster_fold_certain',
    help: '0 while the log is out of sight, or has lost what this copy had read: it decides nothing.',
    type: 'gauge',
    merge: 'least',
    read: ({ fold: seen }) => flag(seen?.certain),
  },
  lossCounter('muster_log_losses_total', 'Times that the log had lost what this process had read.', 'losses'),
  lossCounter(
    'muster_log_lost_records_total',
    'Records that this process had read and the log lost.',
    'records',
  ),
  lossCounter(
    'muster_log_lost_intents_total',
    'Intents among them that are in the log no more; `muster doctor` names them.',
    'intents',
  ),
  {
    name: 'muster_start_duration_seconds',
    help: 'How long the copy took to catch up with the log when it started.',
    type: 'gauge',
    merge: 'most',
    read: ({ fold: seen }) => one(seen && seen.startMs / 1000),
  },
  {
    name: 'muster_state_objects',
    help: 'What the folded state holds, by kind; intents are those without a verdict.',
    type: 'gauge',
    merge: 'most',
    labels: ['kind'],
    read: ({ fold: seen }) => each('kind', seen?.objects),
  },
];
