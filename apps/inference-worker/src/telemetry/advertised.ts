import { ConfigError, splitHostPort } from '@weir/base';
import { isLoopback } from '@weir/rpc';
import { isAnyHost } from '@weir/wire';
import { type Config, configSpec } from '../config.ts';

type Advertising = Pick<Config, 'listen' | 'advertise' | 'telemetry'>;

/** `bound`: the address as it listens. Returns what devices are to reach it at; empty: they are not told of it. */
export function advertisedAddress({ advertise, telemetry }: Advertising, bound: string): string {
  if (telemetry === undefined || advertise === 'none') return '';
  if (advertise !== undefined) return advertise;
  // Elsewhere loopback is another machine.
  return isLoopback(bound) && !isLoopback(telemetry) ? '' : bound;
}

/** Throws ConfigError where devices would be told of an address that is none. */
export function checkAdvertised({ advertise, listen, telemetry }: Advertising): void {
  if (telemetry === undefined || advertise !== undefined) return;
  const { host } = splitHostPort(listen);
  if (isAnyHost(host))
    throw new ConfigError(configSpec.name, [{ field: '--advertise', description: anyHost(host) }]);
}

const anyHost = (host: string) =>
  `needed, as --listen ${host} does not say how devices reach this node: give HOST:PORT with the name or address in its certificate, or none if they are not to discover it`;
