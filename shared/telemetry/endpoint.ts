// /metrics for Prometheus, /healthz and /readyz for whoever starts and stops processes. Reads only, and says nothing that
// has to be kept secret from who can reach it, but there is no authentication: that is why it listens where it is told to.
import { once } from 'node:events';
import { createServer, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, isIPv6 } from 'node:net';
import type { Verdict } from './checks.ts';
import type { ListenAddress } from './listen-address.ts';

export interface EndpointSources {
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  health(): Promise<Verdict>;
  readiness(): Promise<Verdict>;
}

export interface Endpoint {
  readonly url: string;
  close(): Promise<void>;
}

/** The address can't be listened on. The message is for the person who started the program. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** A request that takes longer is not answered any more. */
const REQUEST_MS = 10_000;

export async function serveEndpoint(address: ListenAddress, sources: EndpointSources): Promise<Endpoint> {
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
    (request, response) => {
      const path = (request.url ?? '/').split('?')[0]!;
      const isRead = request.method === 'GET' || request.method === 'HEAD';
      const answering = isRead
        ? answer(path, sources, response)
        : end(response, 405, 'text/plain', 'only GET\n', { Allow: 'GET, HEAD' });
      Promise.resolve(answering).catch((error: Error) =>
        end(response, 500, 'text/plain', `${error.message}\n`),
      );
    },
  );
  await listen(server, address);
  // It goes on as long as the rest does.
  server.unref();
  return {
    url: describe(server.address() as AddressInfo),
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function answer(path: string, sources: EndpointSources, response: ServerResponse): Promise<void> {
  if (path === '/metrics') {
    const { contentType, text } = await sources.metrics();
    end(response, 200, contentType, text);
  } else if (path === '/healthz' || path === '/readyz') {
    const { ok, checks } = await (path === '/healthz' ? sources.health() : sources.readiness());
    const body = { status: ok ? 'ok' : 'failing', checks };
    end(response, ok ? 200 : 503, 'application/json', `${JSON.stringify(body, undefined, 2)}\n`);
  } else if (path === '/') {
    end(response, 200, 'text/plain', '/metrics\n/healthz\n/readyz\n');
  } else {
    end(response, 404, 'text/plain', 'there is /metrics, /healthz and /readyz\n');
  }
}

function end(
  response: ServerResponse,
  status: number,
  contentType: string,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { 'Content-Type': contentType, 'Cache-Control': 'no-store', ...headers });
  response.end(text);
}

async function listen(server: Server, { host, port }: ListenAddress): Promise<void> {
  try {
    // All interfaces are those of IPv4 alone where the machine has no IPv6.
    if (host === '::') server.listen(port);
    else server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const because = code === 'EADDRINUSE' ? 'something else listens there' : message;
    throw new ListenError(
      `can't listen on ${isIPv6(host) ? `[${host}]` : host}:${port} for metrics: ${because}`,
      { cause: error },
    );
  }
}

function describe({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`;
}
