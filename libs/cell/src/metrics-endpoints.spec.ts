import { describe, expect, it } from 'vitest';
import { AddressClaims } from './free-address.ts';
import { metricsAddresses, scrapeTargets } from './metrics-endpoints.ts';

describe('metricsAddresses', () => {
  it('gives each service of a cell an address of its own', async () => {
    const ids = Array.from({ length: 20 }, (_, index) => ({ id: `device-${index}` }));
    using claims = new AddressClaims();
    const addresses = await metricsAddresses({ nodes: [{ id: 'edge-1' }], devices: ids } as never, claims);
    expect([...addresses.keys()].slice(0, 4)).toEqual(['telemetry', 'policy', 'edge-1', 'device-0']);
    expect(new Set(addresses.values()).size).toBe(23);
    for (const address of addresses.values()) expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
  });
});

describe('scrapeTargets', () => {
  it("has the form of Prometheus's file_sd", () => {
    expect(scrapeTargets('cell-1', [{ process: 'policy', address: '127.0.0.1:20001' }])).toEqual([
      { targets: ['127.0.0.1:20001'], labels: { weir_cell: 'cell-1', weir_process: 'policy' } },
    ]);
  });
});
