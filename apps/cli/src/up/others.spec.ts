import { stripVTControlCharacters } from 'node:util';
import { exampleCell } from '@weir/cell';
import { agent, common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { othersReport } from './others-report.ts';
import { othersLine, othersTable } from './others-view.ts';

const status = agent.GetStatusResponse.fromPartial({
  answered: 30n,
  failed: 2n,
  inFlight: 3,
  meanExpectedAccuracy: 0.8,
  planned: { tier: common.Tier.EDGE, nodeId: 'edge-1', variant: 'middle' },
  measured: { labelled: 10n, right: 0.7, promised: 0.75, lowerBound: 0.5, level: 0.95, firstRight: 0.7 },
});
const devices = [
  { id: 'device-1', address: '127.0.0.1:7000', status },
  {
    id: 'device-2',
    address: '127.0.0.1:7001',
    status: agent.GetStatusResponse.fromPartial({ answered: 10n, meanExpectedAccuracy: 0.6 }),
  },
  { id: 'device-3', address: '127.0.0.1:7002' },
];

describe('the view of a cell that others ask', () => {
  it('shows where each agent answers, and what it tells of itself', () => {
    const shown = stripVTControlCharacters(othersTable(devices, ['a note'], 'cell-1'));
    const rows = shown.split('\n').filter((row) => row.includes('device-'));
    expect(rows[0]).toMatch(
      /device-1 .*127\.0\.0\.1:7000 .* 30 .* 2 .* 3 .*edge middle .*80\.0 %.*70\.0 %.*50\.0 %/,
    );
    expect(rows[1]).toMatch(/device-2 .*127\.0\.0\.1:7001 .* 10 .* 0 .*–.*60\.0 %/);
    expect(rows[2]).toMatch(/device-3 .*127\.0\.0\.1:7002 .*–/);
    expect(shown).toContain('a note');
  });

  it('keeps the devices and their counts on a narrow terminal', () => {
    const shown = stripVTControlCharacters(othersTable(devices, [], 'cell-1', 50));
    expect(shown).toContain('answered');
    expect(shown).not.toContain('at least');
    expect(Math.max(...shown.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(50);
  });

  it('is a line for a log', () => {
    expect(othersLine(devices)).toBe(
      'device-1 on 127.0.0.1:7000: 30 answered, 2 failed, planned edge middle, expected 80.0 %, right 70.0 % (at least 50.0 %) | ' +
        'device-2 on 127.0.0.1:7001: 10 answered, planned –, expected 60.0 % | ' +
        'device-3: no word from 127.0.0.1:7002 yet',
    );
  });
});

describe('the report of a cell that others asked', () => {
  const run = {
    description: exampleCell({ devices: 3, accuracyFloor: 0.7 }),
    devices,
    restarts: { 'edge-1': 2 },
    metrics: [{ process: 'policy', address: '127.0.0.1:20001' }],
    seconds: 12,
    learning: null,
    known: { truths: null, audits: null, correction: null },
  };

  it('adds up what the agents tell', () => {
    const { document } = othersReport(run);
    expect(document).toMatchObject({
      rate: 0,
      requests: 42,
      succeeded: 40,
      failed: 2,
      accuracy: { expected: (30 * 0.8 + 10 * 0.6) / 40, floor: 0.7, measured: { labelled: 10, right: 0.7 } },
      learner: 'planner',
      devices: [
        { id: 'device-1', address: '127.0.0.1:7000', requests: 32, accuracy: { expected: 0.8 } },
        { id: 'device-2', requests: 10, accuracy: { expected: 0.6, measured: null } },
        { id: 'device-3', requests: 0, accuracy: { expected: null, measured: null } },
      ],
      metrics: { policy: 'http://127.0.0.1:20001/metrics' },
    });
  });

  it('is a few lines for people', () => {
    const { text } = othersReport(run);
    expect(text).toMatch(/^40 of 42 frames of your applications answered in 12\.0 s$/m);
    expect(text).toMatch(/^ {2}accuracy {3}expected 75\.0 %, floor 70\.0 %$/m);
    expect(text).toMatch(/^ {2}devices {4}device-1 \(127\.0\.0\.1:7000\) 30, 2 failed; device-2 /m);
    expect(text).toMatch(/^ {2}restarts {3}edge-1 2$/m);
  });

  it('makes sense where nobody asked', () => {
    const { document, text } = othersReport({ ...run, devices: [devices[2]!] });
    expect(document).toMatchObject({ requests: 0, accuracy: { expected: null, measured: null } });
    expect(text).toMatch(/^0 of 0 frames .*\n {2}accuracy {3}expected –, floor 70\.0 %$/m);
  });
});
