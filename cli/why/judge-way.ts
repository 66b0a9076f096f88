// The whole way of a packet, in steps, to where it stops: what the log says is to be, beside what the nodes found. Pure.
import type { Way, WayTask } from '@muster/api';
import {
  type Asked,
  addressOn,
  isLook,
  judgeAddress,
  judgeName,
  judgeNode,
  judgeStart,
  judgeTask,
  type Look,
  type WayNetwork,
} from './judge-sender.ts';
import { doubts, passes, type Step, stops } from './step.ts';

export interface Seen {
  readonly way: Way;
  /** Of the sender's node, about the sender. */
  readonly client: Asked | undefined;
  /** Of the others' nodes, by task. */
  readonly targets: ReadonlyMap<string, Asked>;
  readonly port: number | undefined;
}

export function judgeWay({ way, client, targets, port }: Seen): Step[] {
  const start = judgeStart(way);
  const network = way.networks[0];
  if (network === undefined || start.some(isEnd)) return start;
  const { from } = way;
  const ends = findEnds(way, network);
  return [
    ...start,
    judgeNode(from, client),
    ...(isLook(client) ? judgeOwnPart(from, client) : []),
    ...(isLook(client) ? judgeName(network, from.node!.hostname, client) : []),
    ...judgeAddress(way, network, client),
    ...ends.flatMap((task) => judgeEnd(way, network, task, client, targets.get(task.id), port)),
    ...(isLook(client) ? judgeTry(client, port) : []),
  ];
}

/** Tasks that packets may end at. */
export function findEnds({ to }: Way, { endpoints }: WayNetwork): WayTask[] {
  const ids = new Set(endpoints.map(({ taskId }) => taskId));
  return to.tasks.filter(({ id }) => ids.has(id));
}

export function isEnd({ level }: Step): boolean {
  return level === 'stops';
}

/** What a node has for one of its tasks. */
function judgeOwnPart({ name, node }: WayTask, { task, astray }: Look): Step[] {
  const host = node!.hostname;
  const mended = `the agent of ${host} mends it within 15 seconds; if it comes again, somebody else changes it`;
  const ofNode = astray.map((words) => doubts('rules')(`on ${host}, ${words}`, mended));
  const rules = ofNode.length > 0 ? ofNode : [passes('rules')(`${host} has all that it is to have`)];
  if (task === undefined)
    return [
      ...rules,
      stops('link')(`${name} is not attached on ${host}`, `muster service ps; and the agent's log`),
    ];
  if (task.astray.length > 0)
    return [
      ...rules,
      ...task.astray.map((words) =>
        stops('link')(
          `in ${name}, ${words}`,
          `the agent of ${host} mends it in some minutes, when the task's turn has come; at once when it is started anew`,
        ),
      ),
    ];
  return [...rules, passes('link')(`${name} is attached as ${task.address}`)];
}

function judgeEnd(
  { from }: Way,
  network: WayNetwork,
  task: WayTask,
  client: Asked | undefined,
  asked: Asked | undefined,
  port: number | undefined,
): Step[] {
  const steps: Step[] = [judgeTask(task)];
  const address = addressOn(task, network)!;
  if (isLook(client)) steps.push(judgeRoute(client, from, task, address));
  const isThere = task.node!.id === from.node!.id;
  if (!isThere) steps.push(judgeNode(task, asked));
  if (!isLook(asked)) return steps;
  if (!isThere || task.id !== from.id)
    steps.push(...judgeOwnPart(task, asked).filter(({ what }) => !isThere || what === 'link'));
  const back = addressOn(from, network)!;
  if (!isThere) steps.push(judgeRoute(asked, task, from, back));
  if (port !== undefined && asked.task) steps.push(judgePort(task, address, asked.task.listeners, port));
  return steps;
}

function judgeRoute({ routes }: Look, from: WayTask, to: WayTask, address: string): Step {
  const route = routes.find((one) => one.to === address);
  const [here, there] = [from.node!, to.node!];
  if (route === undefined) return doubts('route')(`${here.hostname} does not say how it reaches ${address}`);
  if (!route.isOpen)
    return stops('route')(
      `${here.hostname} has no way to ${address} of ${to.name}: ${route.way}`,
      'if the agent does not mend it within 15 seconds, look at its log',
    );
  if (here.id === there.id) return passes('route')(`${address} is ${route.way} on ${here.hostname}`);
  if (route.through !== there.underlay)
    return stops('route')(
      `${here.hostname} sends to ${address} through ${route.through ?? route.way}, and ${to.name} is at ${there.underlay}`,
    );
  return passes('route')(
    `${here.hostname} sends to ${address} through ${there.hostname} (${there.underlay})`,
  );
}

function judgePort(
  { name }: WayTask,
  address: string,
  listeners: NonNullable<Look['task']>['listeners'],
  port: number,
): Step {
  const everywhere = ['0.0.0.0', '::', address];
  const open = listeners.filter((one) => everywhere.includes(one.address));
  const found = open.filter((one) => one.port === port).map(({ protocol }) => protocol);
  if (found.length > 0)
    return passes('port')(`${name} listens on ${port} (${[...new Set(found)].join(', ')})`);
  const closed = listeners.find((one) => one.port === port);
  if (closed)
    return stops('port')(
      `${name} listens on ${port} at ${closed.address} only`,
      'have it listen at 0.0.0.0: others come by its address on the network',
    );
  const others = [...new Set(open.map((one) => `${one.port} (${one.protocol})`))].join(', ');
  return stops('port')(
    `nobody listens on ${port} in ${name}${others === '' ? '' : `, but on ${others}`}`,
    'between tasks the port is the container’s own, whatever is published',
  );
}

function judgeTry({ connection }: Look, port: number | undefined): Step[] {
  if (connection === undefined) return [];
  if (!('error' in connection)) return [passes('try')(`a connection to ${port} was opened`)];
  const { error } = connection;
  if (error !== 'ETIMEDOUT') return [stops('try')(`a connection to ${port} was refused: ${error}`)];
  return [
    stops('try')(
      `a connection to ${port} was not answered in two seconds`,
      'between nodes, UDP 4790 has to be open: a firewall of a host or of the cloud may drop it',
    ),
  ];
}
