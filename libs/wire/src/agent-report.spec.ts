import { type InvalidInput } from '@weir/base';
import { agent, common, type telemetry } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { agentReportToWire } from './agent-report.ts';
import { limits } from './limits.ts';
import { checkReport } from './node-report.ts';
import { load, report } from './report.fixture.ts';

type Status = agent.GetStatusResponse;
const status = (given: object = {}): Status =>
  agent.GetStatusResponse.fromPartial({ deviceId: 'device-1', cellId: 'cell-1', ...given });
const ofDevice = (given: Status, more: Partial<telemetry.ReportRequest> = {}) =>
  report({ nodeId: 'device-1', tier: common.Tier.DEVICE, load: undefined, agent: given, ...more });
const faultsOf = (given: telemetry.ReportRequest): string[] => {
  try {
    checkReport(given);
    return [];
  } catch (error) {
    return (error as InvalidInput).violations.map(({ field }) => field);
  }
};

/** All that an agent can have to tell, and more. */
const full = (): Status => {
  const id = 'x'.repeat(limits.idLength);
  const text = 'y'.repeat(2_000);
  const placement = { tier: common.Tier.EDGE, nodeId: id, variant: id };
  const hops = { agentMs: 1, uplinkMs: 1, queueMs: 1, decodeMs: 1, computeMs: 1, downlinkMs: 1 };
  const many = <T>(count: number, one: T) => Array.from({ length: count }, () => one);
  return status({
    localVariants: many(256, id),
    targets: many(limits.targets, {
      nodeId: id,
      workerNodeId: id,
      identityFault: text,
      ejection: text,
      family: { name: id, version: id },
      foreignVariants: many(256, id),
      load: load({ services: many(256, { variant: id, serviceMs: 1, energyJ: 1 }) }),
    }),
    peerFaults: many(300, { peer: id, cause: 'refused', text, ageMs: 1 }),
    certificates: many(20, { file: text, expiresInMs: -5, due: true }),
    floor: { refusal: text },
    frames: {
      answered: many(limits.answeredFrames, { placement, hops, frames: 7n }),
      responseBuckets: many(160, 7n),
    },
    newest: many(limits.newestFrames, { placement, hops, failedAttempts: many(limits.failedAttempts, text) }),
  });
};

describe('the agent’s part of a report', () => {
  it('is taken, however much an agent has to tell', () => {
    expect(faultsOf(ofDevice(agentReportToWire(full())))).toEqual([]);
  });

  it('leaves service times to the nodes, and keeps their loads', () => {
    const [target] = agentReportToWire(full()).targets;
    expect(target!.load).toEqual(load({ services: [] }));
  });

  it('is refused where all of it together is too long', () => {
    const foreignVariants = Array.from({ length: 256 }, () => 'x'.repeat(limits.idLength));
    const targets = Array.from({ length: 9 }, () => ({ nodeId: 'edge-1', foreignVariants }));
    expect(faultsOf(ofDevice(status({ targets })))).toEqual(['agent']);
  });

  it.each([
    ['another device', ofDevice(status({ deviceId: 'device-2' })), ['agent.device_id']],
    ['another cell', ofDevice(status({ cellId: 'cell-2' })), ['agent.cell_id']],
    ['a worker', ofDevice(status(), { tier: common.Tier.EDGE }), ['agent']],
    ['a figure that is none', ofDevice(status({ balance: NaN })), ['agent.balance']],
    [
      'an endless figure deep inside',
      ofDevice(status({ frames: { answered: [{ hops: { queueMs: Infinity } }] } })),
      ['agent.frames.answered[0].hops.queue_ms'],
    ],
    ['a long text', ofDevice(status({ learner: 'x'.repeat(301) })), ['agent.learner']],
    [
      'a long list',
      ofDevice(status({ frames: { responseBuckets: Array.from({ length: 257 }, () => 1n) } })),
      ['agent.frames.response_buckets'],
    ],
  ])('is refused of %s', (_what, given, faults) => {
    expect(faultsOf(given)).toEqual(faults);
  });
});
