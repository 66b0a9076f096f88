// The connection to one Docker engine: where it is, and calls to it whose errors are the port's. Nothing here
// knows about tasks.

import { Agent as HttpAgent, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { inspect } from 'node:util';
import Docker from 'dockerode';
import { translateError } from './engine-error.ts';

/** A look at the engine that takes longer is taken for no answer. Starts, stops and pulls have no such limit. */
const LOOK_TIMEOUT_MS = 30_000;
/** One container may be stuck while all else goes on; an agent that starts again is to be back before its node is given up. */
const INSPECTION_TIMEOUT_MS = 3_000;
/** An engine that is busy, and not more than that, answers sooner. */
const PING_TIMEOUT_MS = 5_000;
const CONNECTION_PROBE_MS = 15_000;

export interface EngineRequest {
  readonly method: string;
  /** With its query, as in `/containers/json?all=1`. */
  readonly path: string;
  readonly body?: unknown;
  /** Breaks it off. */
  readonly signal?: AbortSignal;
}

/** The engine answers, and not about this container: its runtime hangs, as a rule. */
export class StuckContainerError extends Error {
  override readonly name = 'StuckContainerError';
}

/** The part of `/info` that is used. */
export interface EngineInfo {
  readonly Name: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly Labels: readonly string[] | null;
  readonly SystemTime: string;
  readonly InitBinary?: string;
}

/** These take options as all calls do; the library's types leave that out. */
type Look<T> = (options: { abortSignal: AbortSignal }) => Promise<T>;

export class Engine {
  readonly docker: Docker;
  /** For messages. */
  readonly address: string;
  readonly #agent: HttpAgent | undefined;

  /** `host` is written as DOCKER_HOST is; without it, DOCKER_HOST and its companions or the default socket count. */
  constructor(host?: string) {
    this.address = host || process.env.DOCKER_HOST || 'unix:///var/run/docker.sock';
    this.docker = new Docker(host === undefined ? {} : parseHost(host));
    const modem = this.docker.modem as unknown as { protocol: string; agent: HttpAgent | undefined };
    this.#agent = makeAgent(modem.protocol);
    modem.agent = this.#agent;
  }

  /** Runs a call, and translates what it throws. */
  async call<T>(action: (docker: Docker) => Promise<T>): Promise<T> {
    try {
      return await action(this.docker);
    } catch (error) {
      throw translateError(error, this.address);
    }
  }

  /** A call that only looks. The signal is for its options: an engine that hangs is an engine that is away. */
  look<T>(
    action: (docker: Docker, options: { abortSignal: AbortSignal }) => Promise<T>,
    timeoutMs = LOOK_TIMEOUT_MS,
  ): Promise<T> {
    return this.call((docker) => action(docker, { abortSignal: AbortSignal.timeout(timeoutMs) }));
  }

  /** A look at one container. Throws StuckContainerError where the engine answers everything else. */
  async inspect(id: string): Promise<Docker.ContainerInspectInfo> {
    const abortSignal = AbortSignal.timeout(INSPECTION_TIMEOUT_MS);
    try {
      return await this.docker.getContainer(id).inspect({ abortSignal } as Docker.ContainerInspectOptions);
    } catch (error) {
      if (!abortSignal.aborted) throw this.translate(error);
      await this.version();
      throw new StuckContainerError(`the engine can not tell how container ${id} is: it may be stuck`);
    }
  }

  async ping(): Promise<void> {
    await this.call((docker) =>
      (docker.ping as unknown as Look<unknown>).call(docker, {
        abortSignal: AbortSignal.timeout(PING_TIMEOUT_MS),
      }),
    );
  }

  info(): Promise<EngineInfo> {
    return this.look((docker, options) => (docker.info as unknown as Look<EngineInfo>).call(docker, options));
  }

  version(): Promise<Docker.DockerVersion> {
    return this.look((docker, options) =>
      (docker.version as unknown as Look<Docker.DockerVersion>).call(docker, options),
    );
  }

  /** Sends a request and hands over the body as it comes. Its reader gets errors untranslated. */
  open(request: EngineRequest): Promise<IncomingMessage> {
    return this.call(async () => {
      const response = await dial(this.docker, request);
      response.socket?.setKeepAlive(true, CONNECTION_PROBE_MS);
      return response;
    });
  }

  translate(error: unknown): Error {
    return translateError(error, this.address);
  }

  close(): void {
    this.#agent?.destroy();
  }
}

function dial(docker: Docker, request: EngineRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    docker.modem.dial(
      {
        // docker-modem takes a "?" for its sign to add a query of its own; the empty one leaves ours as it is.
        path: request.path,
        options: { _query: {}, _body: {} },
        ...(request.signal && { abortSignal: request.signal }),
        method: request.method,
        isStream: true,
        statusCodes: { 200: true, 201: true, 202: true, 204: true, 304: true },
        ...(request.body === undefined
          ? {}
          : {
              file: Buffer.from(JSON.stringify(request.body)),
              headers: { 'Content-Type': 'application/json' },
            }),
      },
      (error, response) => (error ? reject(error) : resolve(response as IncomingMessage)),
    );
  });
}

function makeAgent(protocol: string): HttpAgent | undefined {
  if (protocol === 'ssh') return undefined;
  // As many connections as there are calls: the agent bounds those, and streams hold one each.
  const settings = { keepAlive: true, maxFreeSockets: 32 };
  const agent = protocol === 'https' ? new HttpsAgent(settings) : new HttpAgent(settings);
  // docker-modem inspects its options, all of them and in depth, at every request: an agent with sockets would cost
  // 20 ms of CPU for each container started.
  return Object.assign(agent, { [inspect.custom]: () => 'Agent' });
}

/** What is not set here is reset: docker-modem would mix it with what DOCKER_HOST says. */
function parseHost(host: string): Docker.DockerOptions {
  if (host.startsWith('unix://')) {
    return { socketPath: host.slice('unix://'.length), host: undefined, port: undefined, protocol: 'http' };
  }
  const url = URL.canParse(host) ? new URL(host) : undefined;
  if (url?.protocol !== 'tcp:' || url.hostname === '') {
    throw new Error(
      `invalid Docker host "${host}": write it as unix:///path/to/docker.sock or tcp://host:port`,
    );
  }
  return { host: url.hostname, port: url.port || 2375, protocol: 'http', socketPath: undefined };
}
