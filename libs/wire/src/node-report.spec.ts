import { InvalidInput } from '@weir/base';
import { common, telemetry } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { checkIds } from './ids.ts';
import { checkReport, nodeStateToWire } from './node-report.ts';
import { load, report } from './report.fixture.ts';

type Report = telemetry.ReportRequest;
const host = report().host!;
const energy = report().energy!;
const link = report().links[0]!;
const service = load().services[0]!;
const long = 'x'.repeat(129);

const faultsOf = (given: Report, previous?: Report): string[] => {
  try {
    checkReport(given, previous);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInput);
    return (error as InvalidInput).violations.map(({ field }) => field);
  }
};

describe('checkReport', () => {
  it('takes a good report, with and without load and links', () => {
    expect(faultsOf(report())).toEqual([]);
    expect(faultsOf(report({ load: undefined, links: [] }), report())).toEqual([]);
  });

  const faults: [string, Partial<Report>, string[]][] = [
    ['no cell', { cellId: '' }, ['cell_id']],
    ['a long cell id', { cellId: long }, ['cell_id']],
    ['no node', { nodeId: '', load: undefined }, ['node_id']],
    ['a long node id', { nodeId: long, load: undefined }, ['node_id']],
    ['no tier', { tier: common.Tier.UNSPECIFIED }, ['tier']],
    ['an unknown tier', { tier: 9 as common.Tier }, ['tier']],
    ['no host', { host: undefined }, ['host']],
    ['a utilization above 1', { host: { ...host, cpuUtilization: 1.01 } }, ['host.cpu_utilization']],
    ['a negative utilization', { host: { ...host, cpuUtilization: -0.1 } }, ['host.cpu_utilization']],
    ['a utilization that is no number', { host: { ...host, cpuUtilization: NaN } }, ['host.cpu_utilization']],
    ['no processor', { host: { ...host, cpuCount: 0 } }, ['host.cpu_count']],
    ['endless processors', { host: { ...host, cpuCount: Infinity } }, ['host.cpu_count']],
    [
      'no memory',
      { host: { ...host, memoryTotalBytes: 0, memoryUsedBytes: 0 } },
      ['host.memory_total_bytes'],
    ],
    [
      'more memory used than there is',
      { host: { ...host, memoryUsedBytes: 4_001 } },
      ['host.memory_used_bytes'],
    ],
    ['negative memory', { host: { ...host, memoryUsedBytes: -1 } }, ['host.memory_used_bytes']],
    ['too many links', { links: Array.from({ length: 257 }, () => link) }, ['links']],
    ['a link to nowhere', { links: [link, { ...link, peerNodeId: '' }] }, ['links[1].peer_node_id']],
    ['a negative round trip', { links: [{ ...link, roundTripMs: -1 }] }, ['links[0].round_trip_ms']],
    [
      'an endless rate',
      { links: [{ ...link, uplinkBitsPerSecond: Infinity }] },
      ['links[0].uplink_bits_per_second'],
    ],
    ['the load of another node', { load: load({ nodeId: 'edge-2' }) }, ['load.node_id']],
    ['a load without a tier', { load: load({ tier: common.Tier.UNSPECIFIED }) }, ['load.tier']],
    ['no slots', { load: load({ slots: 0, inService: 0 }) }, ['load.slots']],
    ['more in service than slots', { load: load({ inService: 3 }) }, ['load.in_service']],
    ['a negative backlog', { load: load({ backlogMs: -1 }) }, ['load.backlog_ms']],
    ['a mean backlog that is no number', { load: load({ meanBacklogMs: NaN }) }, ['load.mean_backlog_ms']],
    ['a negative congestion', { load: load({ congestionPerMs: -0.1 }) }, ['load.congestion_per_ms']],
    ['a backlog of two days', { load: load({ backlogMs: 2 * 86_400_000 }) }, ['load.backlog_ms']],
    ['slots in use beyond 1', { load: load({ utilization: 1.1 }) }, ['load.utilization']],
    [
      'too many variants',
      { load: load({ services: Array.from({ length: 257 }, (_, i) => ({ ...service, variant: `v${i}` })) }) },
      ['load.services'],
    ],
    ['a variant twice', { load: load({ services: [service, service] }) }, ['load.services']],
    [
      'a variant without a name',
      { load: load({ services: [{ ...service, variant: '' }] }) },
      ['load.services[0].variant'],
    ],
    [
      'a service in no time',
      { load: load({ services: [{ ...service, serviceMs: 0 }] }) },
      ['load.services[0].service_ms'],
    ],
    [
      'a service that gains energy',
      { load: load({ services: [{ ...service, energyJ: -1 }] }) },
      ['load.services[0].energy_j'],
    ],
    ['no energy', { energy: undefined }, ['energy']],
    ['negative power', { energy: { ...energy, powerW: -1 } }, ['energy.power_w']],
    ['endless energy', { energy: { ...energy, energyJ: Infinity } }, ['energy.energy_j']],
    ['energy from nowhere', { energy: { ...energy, source: 0 } }, ['energy.source']],
  ];
  it.each(faults)('refuses %s', (_, given, fields) => expect(faultsOf(report(given))).toEqual(fields));

  it('names all faults of a report together', () => {
    expect(faultsOf(telemetry.ReportRequest.decode(new Uint8Array()))).toEqual([
      'cell_id',
      'node_id',
      'tier',
      'host',
      'energy',
    ]);
  });

  it('refuses a second node, or a second cell, on one stream', () => {
    expect(faultsOf(report({ nodeId: 'edge-2', load: undefined }), report())).toEqual(['node_id']);
    expect(faultsOf(report({ cellId: 'cell-2' }), report())).toEqual(['cell_id']);
  });
});

describe('checkIds', () => {
  it.each([[''], [long]])('refuses %j', (cellId) =>
    expect(() => checkIds({ cell_id: cellId })).toThrow(InvalidInput),
  );
  it('takes 1..128 characters', () => {
    checkIds({ cell_id: 'x' });
    checkIds({ cell_id: 'x'.repeat(128) });
  });
});

describe('nodeStateToWire', () => {
  it('gives the age of the report', () => {
    expect(nodeStateToWire({ report: report(), liveness: 'stale', reportedAt: 1_000 }, 5_500)).toEqual({
      report: report(),
      liveness: telemetry.Liveness.STALE,
      ageMs: 4_500,
    });
  });
});
