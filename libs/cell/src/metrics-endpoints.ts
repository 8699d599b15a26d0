import type { CellDescription } from './description.ts';
import type { AddressClaims } from './free-address.ts';

/** Where a process serves its Prometheus metrics, at `/metrics`. */
export interface MetricsEndpoint {
  /** Name of the process, e.g. `edge-1`. */
  readonly process: string;
  /** HOST:PORT; the same over restarts. */
  readonly address: string;
}

/** An address for each service of a cell, by the name of its process. */
export async function metricsAddresses(
  { nodes, devices }: Pick<CellDescription, 'nodes' | 'devices'>,
  claims: AddressClaims,
): Promise<Map<string, string>> {
  const addresses = new Map<string, string>();
  for (const name of ['telemetry', 'policy', ...[...nodes, ...devices].map(({ id }) => id)])
    addresses.set(name, await claims.claim());
  return addresses;
}

/** The content of a file for Prometheus's `file_sd_configs`. */
export const scrapeTargets = (cellId: string, endpoints: readonly MetricsEndpoint[]) =>
  endpoints.map(({ process, address }) => ({
    targets: [address],
    labels: { weir_cell: cellId, weir_process: process },
  }));
