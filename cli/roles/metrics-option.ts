// `--metrics`: where a process listens for Prometheus and for probes. Off unless asked for, as with nats-server and dockerd:
// several roles share a machine, and there is no authentication.
import { parseListenAddress } from '@muster/telemetry';
import { InvalidArgumentError, Option } from 'commander';

export function metricsOption(): Option {
  return new Option(
    '--metrics <addr:port>',
    'serve /metrics, /healthz and /readyz there; a port alone is on 127.0.0.1, 0 is any that is free (default: off)',
  )
    .env('MUSTER_METRICS')
    .argParser((text) => {
      const address = parseListenAddress(text);
      if (!address) throw new InvalidArgumentError('It looks like 9600, :9600 or 10.0.0.1:9600.');
      return address;
    });
}
