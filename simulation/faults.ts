// What goes wrong in a run of chaos. Each fault mends itself, but for a machine that is lost.
import { composeEvent, encodeJson } from '@muster/events';
import { presenceSubject } from '@muster/runtime';
import { sumOfRecord } from '@muster/state';
import type { Seat, SimulatedCluster } from './simulated-cluster.ts';

const INTRUDER = 'intruder';

type Inject = (cluster: SimulatedCluster) => void;

export const injectFault = {
  none: () => undefined,
  killReducer(cluster) {
    const seat = cluster.chance.pick(cluster.reducers);
    restartLater(cluster, seat, 5000);
  },
  pauseReducer(cluster) {
    const { process } = cluster.chance.pick(cluster.reducers);
    if (!process || process.suspended) return;
    process.suspend();
    cluster.clock.schedule(cluster.chance.between(100, 20_000), () => process.resume());
  },
  cutOffReducer: (cluster) => cutOff(cluster, cluster.chance.pick(cluster.reducers)),
  cutOffNode: (cluster) => cutOff(cluster, cluster.chance.pick(cluster.nodes)),
  restartAgent(cluster) {
    const seat = cluster.chance.pick(cluster.nodes);
    restartLater(cluster, seat, 3000);
  },
  crashTask(cluster) {
    const { engine } = cluster.chance.pick(cluster.nodes);
    const running = [...engine.states()].filter((state) => state.status === 'running');
    if (running.length > 0)
      engine.kill(cluster.chance.pick(running).taskId, cluster.chance.pick([0, 1, 137]));
  },
  restartEngine(cluster) {
    const { engine } = cluster.chance.pick(cluster.nodes);
    engine.crash({
      forMs: cluster.chance.between(100, 10_000),
      tasks: cluster.chance.pick(['killed', 'kept']),
    });
  },
  crashMachine(cluster) {
    const seat = cluster.chance.pick(cluster.nodes);
    if (!seat.process) return;
    const forMs = cluster.chance.between(1000, 40_000);
    cluster.kill(seat);
    seat.engine.crash({ forMs });
    restart(cluster, seat, forMs + 100);
  },
  /** One machine, in some runs, is gone for good. */
  loseMachine(cluster) {
    const seat = cluster.chance.pick(cluster.nodes);
    if (cluster.lost.size > 0 || !cluster.chance.happens(0.1)) return;
    cluster.lost.add(seat);
    cluster.kill(seat);
    seat.engine.crash({ tasks: 'lost' });
  },
  /** Heartbeats don't get through, and all else does. */
  deafen(cluster) {
    const { process } = cluster.chance.pick([...cluster.reducers, ...cluster.nodes]);
    if (!process) return;
    cluster.network.deaf.add(process.name);
    cluster.clock.schedule(cluster.chance.between(1000, 40_000), () =>
      cluster.network.deaf.delete(process.name),
    );
  },
  /** The log is not to be reached, and everybody is heard. */
  losesLog(cluster) {
    const { process } = cluster.chance.pick(cluster.reducers);
    if (!process) return;
    const { withoutLog } = cluster.network;
    withoutLog.add(process.name);
    cluster.clock.schedule(cluster.chance.between(100, 20_000), () => withoutLog.delete(process.name));
  },
  /** Copies that never were say that they are here; some that are here are said to be gone. */
  misinform(cluster) {
    const { chance, clock, network, reducers } = cluster;
    const { role, process } = chance.pick(reducers);
    const [copy, word] = chance.happens(0.5) ? [`${role}-ghost`, 'here'] : [process?.name ?? 'nobody', 'bye'];
    const bus = network.bus.client(INTRUDER);
    for (let time = chance.between(1, 10); time > 0; time -= 1) {
      clock.schedule(chance.between(0, 10_000), () =>
        bus.publish(presenceSubject(role, copy), new TextEncoder().encode(word)),
      );
    }
  },
  /** Anybody may write anything to the log. */
  intrude(cluster) {
    const { chance, network, nodes } = cluster;
    const subject = chance.pick([
      `muster.event.agent.node.${chance.pick(nodes).nodeId}`,
      `muster.event.orchestrator.intent.${network.log.records.length + chance.between(1, 20)}`,
      `muster.event.orchestrator.quarantine.${network.log.records.length + chance.between(1, 20)}`,
      `muster.event.scheduler.node.${chance.pick(nodes).nodeId}`,
      'muster.event.nobody',
    ]);
    const agentOfTomorrow = {
      v: 99,
      type: 'tasks.reported',
      writer: 'agent',
      cause: 0,
      at: '2026-01-01T00:00:00Z',
    };
    const body = chance.pick(['', '{', '[]', 'null', JSON.stringify(agentOfTomorrow)]);
    const of = subject.includes('.agent.') ? body : body.slice(0, 1);
    network.log
      .client(INTRUDER)
      .append(subject, new TextEncoder().encode(of))
      .catch(() => undefined);
  },
  /** And so everybody may be halted, until somebody declares the record void. */
  halt({ chance, network, nodes }) {
    const [writer, kind, id] = chance.pick([
      ['orchestrator', 'cluster', 'self'],
      ['scheduler', 'node', chance.pick(nodes).nodeId],
      ['dispatcher', 'node', chance.pick(nodes).nodeId],
    ]);
    const ofTomorrow = { v: 99, type: 'x', writer, cause: 0, at: '2026-01-01T00:00:00Z' };
    network.log
      .client(INTRUDER)
      .append(`muster.event.${writer}.${kind}.${id}`, encodeJson(ofTomorrow))
      .catch(() => undefined);
  },
} satisfies Record<string, Inject>;

/** A person does it, as soon as he has seen it. */
export function declareVoid({ network, observer, clock }: SimulatedCluster): void {
  const seq = observer.state.halted?.record?.seq;
  if (seq === undefined) return;
  const record = network.log.records[seq - 1]!;
  const { subject, data } = composeEvent(
    {
      type: 'record.voided',
      cause: seq,
      actor: 'ana',
      record: seq,
      subject: record.subject,
      sum: sumOfRecord(record),
      reason: 'not ours',
    },
    clock.now(),
  );
  network.log
    .client('operator')
    .append(subject, data)
    .catch(() => undefined);
}

export const faultNames = Object.keys(injectFault) as (keyof typeof injectFault)[];

function restartLater(cluster: SimulatedCluster, seat: Seat, withinMs: number): void {
  if (!seat.process) return;
  cluster.kill(seat);
  restart(cluster, seat, cluster.chance.between(10, withinMs));
}

function restart(cluster: SimulatedCluster, seat: Seat, afterMs: number): void {
  cluster.clock.schedule(afterMs, () => void start(cluster, seat));
}

async function start(cluster: SimulatedCluster, seat: Seat): Promise<void> {
  if (seat.process || cluster.lost.has(seat)) return;
  // What can't start is started again, as a supervisor would.
  await seat.start().catch(() => {
    cluster.kill(seat);
    restart(cluster, seat, 1000);
  });
}

function cutOff(cluster: SimulatedCluster, { process }: Seat): void {
  if (!process || cluster.network.cutOff.has(process.name)) return;
  const { name } = process;
  cluster.network.cutOff.add(name);
  cluster.network.bus.disconnect(name);
  cluster.clock.schedule(cluster.chance.between(100, 30_000), () => {
    cluster.network.cutOff.delete(name);
    cluster.network.bus.reconnect(name);
  });
}
