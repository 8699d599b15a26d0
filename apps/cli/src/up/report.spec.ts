import { type KnownAccuracy, Tally, exampleCell } from '@weir/cell';
import type { Family } from '@weir/inference';
import { agent, common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { cellOf, defaultFloor } from './cell-of.ts';
import { knownLines } from './known-lines.ts';
import { report } from './report.ts';
import { measuredAccuracy } from './measured.ts';
import { line, noteOf, table } from './view.ts';

const family = {
  variants: [0.6, 0.75, 0.8].map((top1) => ({
    accuracy: { top1, n: 1, interval95: [0, 1] as [number, number] },
  })),
} as unknown as Family;

function answered(): Tally {
  const tally = new Tally();
  tally.answered({
    correct: true,
    clientMs: 21,
    response: agent.InferResponse.fromPartial({
      responseMs: 20,
      expectedAccuracy: 0.75,
      placement: { tier: common.Tier.EDGE, nodeId: 'edge-1', variant: 'middle' },
      decision: { reason: agent.Reason.DEVIATED, balance: 0.25, savedMs: 5 },
      hops: { computeMs: 15, uplinkMs: 5 },
      looks: [
        { placement: { tier: common.Tier.DEVICE, variant: 'small' }, classification: { classIndex: 1 } },
        { placement: { tier: common.Tier.EDGE, variant: 'middle' }, classification: { classIndex: 1 } },
      ],
    }),
  });
  return tally;
}

const measured = (labelled: number, right: number, promised: number) =>
  agent.MeasuredAccuracy.fromPartial({
    labelled: BigInt(labelled),
    right,
    firstRight: right - 0.05,
    promised,
    lowerBound: 0.8,
    level: 0.95,
    variation: labelled * right * (1 - right),
  });

const known: KnownAccuracy = {
  truths: null,
  audits: { count: 60, measured: 0.93, promised: 0.95, lowerBound: 0.9, level: 0.95 },
  correction: { shortfall: 0.01, firsts: [{ variant: 'small', loss: 1.5, share: 1.2 }] },
};

describe('cellOf', () => {
  it('asks for a floor that neither the smallest nor only the best variant meets, unless told', () => {
    expect(defaultFloor(family)).toBeCloseTo(0.74);
    const flags = { devices: 2, learner: 'planner', profile: 'weak', seed: 1 } as const;
    expect(cellOf(flags, family).objective.accuracyFloor).toBeCloseTo(0.74);
    expect(cellOf({ ...flags, floor: 0.5 }, family).objective.accuracyFloor).toBe(0.5);
  });

  it('allows as many looks as the flag says', () => {
    const flags = { devices: 2, learner: 'planner', profile: 'weak', seed: 1 } as const;
    expect(cellOf({ ...flags, looks: 1 }, family).objective.maxLooks).toBe(1);
    expect(cellOf(flags, family).objective.maxLooks).toBe(2);
    expect(cellOf({ ...flags, audits: 0.1 }, family).objective.auditShare).toBe(0.1);
  });
});

describe('report', () => {
  const devices = [{ id: 'device-1', tally: answered() }];
  const run = {
    description: exampleCell({ devices: 1, accuracyFloor: 0.7 }),
    devices,
    all: answered(),
    restarts: { 'edge-1': 2 },
    metrics: [{ process: 'policy', address: '127.0.0.1:20001' }],
    seconds: 1.5,
    firstAnswerMs: 3_000,
    learning: {
      plans: 12,
      exploringPlans: 2,
      exploringFrames: 7,
      explorationShare: 0.004,
      driftAlarms: 0,
      settled: null,
    },
    known: { truths: null, audits: null, correction: null },
  };

  it('holds what --json promises', () => {
    expect(report(run).document).toMatchObject({
      learning: { plans: 12, exploringPlans: 2, exploringFrames: 7, explorationShare: 0.004, driftAlarms: 0 },
      requests: 1,
      succeeded: 1,
      failed: 0,
      accuracy: { top1: 1, expected: 0.75, floor: 0.7 },
      responseMs: { mean: 20, p50: 20, p95: 20, p99: 20 },
      hopsMs: { computeMs: 15, uplinkMs: 5 },
      placements: [{ tier: 'edge', variant: 'middle', share: 1 }],
      looks: {
        first: [{ tier: 'device', variant: 'small', share: 1 }],
        second: [{ tier: 'edge', variant: 'middle', share: 1 }],
        escalationShare: 1,
        agreed: 1,
        failed: 0,
        savedMs: 5,
      },
      learner: 'planner',
      restarts: { 'edge-1': 2 },
      metrics: { policy: 'http://127.0.0.1:20001/metrics' },
      devices: [{ id: 'device-1', succeeded: 1, looks: { escalationShare: 1 } }],
    });
  });

  it('sets what was measured of the promise beside it, of the cell and of each device', () => {
    const two = [
      { ...devices[0]!, measured: measured(1_000, 0.9, 0.88) },
      { id: 'device-2', tally: answered(), measured: measured(3_000, 0.8, 0.84) },
    ];
    const { document, text } = report({ ...run, devices: two });
    expect(document).toMatchObject({
      accuracy: { measured: { labelled: 4_000, level: 0.95 } },
      devices: [
        { accuracy: { top1: 1, measured: { labelled: 1_000, right: 0.9 } } },
        { accuracy: { measured: { labelled: 3_000 } } },
      ],
    });
    const all = measuredAccuracy(two)!;
    expect([all.right, all.firstRight, all.promised]).toEqual([
      expect.closeTo(0.825, 9),
      expect.closeTo(0.775, 9),
      expect.closeTo(0.85, 9),
    ]);
    // Closer to what was measured than the bound of either device alone.
    expect(all.lowerBound).toBeGreaterThan(0.8);
    expect(all.lowerBound).toBeLessThan(0.825);
    expect(text).toMatch(
      /measured +of 4000 answers with a label 82\.5 % right .* 77\.5 %\), 85\.0 % promised, at least 80\.\d % with 95 %/,
    );
  });

  it('says nothing of a promise that nobody checked', () => {
    const { document, text } = report(run);
    expect(document).toMatchObject({
      accuracy: { measured: null },
      devices: [{ accuracy: { measured: null } }],
    });
    expect(text).not.toContain('measured');
  });

  it('tells what audits found and what is corrected because of it, where there is any', () => {
    const { document, text } = report({ ...run, known });
    expect(document).toMatchObject({ accuracy: { audits: known.audits, correction: known.correction } });
    expect(text).toContain(
      "audited    93.0 % of the answers are the most accurate variant's, 95.0 % promised, at least 90.0 % with 95 % confidence (60 audits)",
    );
    expect(text).toContain(
      'corrected  all variants lose 1.0 %; small loses 1.50 times what its curves say and is unsure 1.20 times as often',
    );
    expect(report(run).text).not.toMatch(/audited|corrected/);
    expect(report(run).document).toMatchObject({ accuracy: { audits: null, correction: null } });
  });

  it('names what was emulated and what was real', () => {
    const { text } = report(run);
    expect(text).toMatch(/emulated +links: regular \(edge .* ms.*processors.*device-1 \d+×/);
    expect(text).toMatch(/real +processes; gRPC/);
    expect(text).toContain('edge-1 2');
  });

  it('says how often frames were looked at again, and where', () => {
    expect(report(run).text).toContain(
      'looks      a second at 100.0 % of the frames (edge middle 100 %), 100 % of them agreed; expected to save 5.0 ms a frame',
    );
    const once = exampleCell({ devices: 1, maxLooks: 1 });
    expect(report({ ...run, description: once }).text).toContain('looks      one a frame, as asked for');
    expect(report({ ...run, all: new Tally() }).text).toContain('looks      none');
  });

  it('claims nothing without an answer', () => {
    const { text, document } = report({ ...run, all: new Tally(), firstAnswerMs: undefined });
    expect(text).toContain('0 of 0 frames answered');
    expect(document).toMatchObject({ accuracy: { top1: null }, firstAnswerMs: null });
  });
});

describe('the live view', () => {
  it('tells beside the devices what the cell knows of its accuracy', () => {
    expect(knownLines(known)).toEqual([
      expect.stringMatching(/^audited: 93\.0 % .*\(60 audits\)$/),
      expect.stringMatching(/^corrected: all variants lose 1\.0 %; small loses/),
    ]);
    expect(knownLines({ truths: null, audits: null, correction: null })).toEqual([]);
  });

  it('shows a device in a row of the table, and in a line of a log', () => {
    const devices = [
      { id: 'device-1', tally: answered(), measured: measured(500, 0.85, 0.75) },
      { id: 'device-2', tally: new Tally() },
    ];
    const shown = table(devices, ['edge-1 died'], 'cell-1');
    expect(shown).toMatch(
      /device-1.*edge.*middle.*1.*0.*20 ms.*100\.0 %.*80\.0 %.*75\.0 %.*0\.25.*100 %.*deviated/,
    );
    expect(shown).toContain('edge-1 died');
    const narrow = table(devices, [], 'cell-1', 80);
    expect(narrow).toMatch(/device-1.*edge.*middle.*20 ms.*100\.0 %/);
    expect(Math.max(...narrow.split('\n').map((row) => row.length))).toBeLessThanOrEqual(80);
    expect(line(devices)).toBe(
      'device-1: 1 answered, edge 100 %, middle 100 %, p50 20 ms, p95 20 ms, right 100.0 % (at least 80.0 %), looked again at 100 % | device-2: 0 answered, waiting, p50 –, p95 –, right –',
    );
  });

  it('reports processes that die and restart, and nothing else', () => {
    expect(noteOf({ kind: 'died', name: 'edge-1', detail: 'killed by SIGKILL' })).toMatch(/edge-1 died/);
    expect(noteOf({ kind: 'restarted', name: 'edge-1', detail: '127.0.0.1:1' })).toMatch(/is back/);
    expect(noteOf({ kind: 'ready', name: 'edge-1', detail: '' })).toBeUndefined();
  });
});
