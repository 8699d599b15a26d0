import type { Outcome } from '@weir/domain';
import { startMetrics } from '@weir/telemetry';
import { describe, expect, it } from 'vitest';
import type { FrameAnswer, Look } from '../frames/frame.ts';
import { type AgentState, createAgentMetrics } from './metrics.ts';

/** The agent's figures as Prometheus would scrape them. */
async function setUp() {
  const metrics = await startMetrics({ service: 's', listen: '127.0.0.1:0', env: {} });
  const scrape = async () => (await fetch(`http://${metrics.address}/metrics`)).text();
  return {
    agent: createAgentMetrics(metrics.meter),
    /** Value of the one series of that name whose labels hold all of `labels`. */
    async value(name: string, ...labels: string[]) {
      const lines = (await scrape()).split('\n').filter((line) => line.startsWith(`${name}{`));
      const found = lines.filter((line) => labels.every((label) => line.includes(label)));
      expect(found, `${name} ${labels.join()}`).toHaveLength(1);
      return Number(found[0]!.split(' ').at(-1));
    },
    scrape,
    [Symbol.asyncDispose]: () => metrics[Symbol.asyncDispose](),
  };
}

const hops = { agentMs: 1, uplinkMs: 20, queueMs: 4, decodeMs: 5, computeMs: 60, downlinkMs: 10 };
const lookAt = (tier: 'device' | 'edge', classIndex = 1) =>
  ({
    variant: 'v',
    placement: { tier, nodeId: 'n', variant: 'v' },
    classification: { classIndex },
  }) as unknown as Look;
const answerAt = (tier: 'device' | 'edge', looks: readonly Look[] = [lookAt(tier)]) =>
  ({
    placement: { tier, nodeId: 'n', variant: 'v' },
    reason: 'planned',
    looks,
    hops: looks.some(({ placement }) => placement?.tier === 'edge')
      ? hops
      : { ...hops, uplinkMs: 0, downlinkMs: 0 },
    responseMs: tier === 'edge' ? 100 : 70,
    energyJ: 0.25,
    concurrency: 3,
  }) as unknown as FrameAnswer;
const state: AgentState = {
  framesInFlight: 3,
  queued: 2,
  inService: 1,
  outcomesPending: 4,
  outcomesDropped: 5,
  balance: 0.5,
  floor: 0.7,
  measured: undefined,
  policyConnected: true,
  targets: [{ nodeId: 'edge-1', tier: 'edge', reachable: false, foreignVariants: 2 }],
};
const attempt = (outcome: Partial<Outcome>) =>
  ({ placement: { tier: 'edge', nodeId: 'edge-1', variant: 'v' }, ...outcome }) as Outcome;

describe('agent metrics', () => {
  it('tell response times and hops in seconds, by tier and variant', async () => {
    await using test = await setUp();
    test.agent.answered(answerAt('edge'), 0.1);
    const where = ['weir_tier="edge"', 'weir_variant="v"'];
    expect(await test.value('weir_response_duration_seconds_sum', ...where)).toBeCloseTo(0.1, 9);
    expect(await test.value('weir_hop_duration_seconds_sum', ...where, 'weir_hop="compute"')).toBeCloseTo(
      0.06,
      9,
    );
    expect(await test.value('weir_frames_total', ...where, 'weir_reason="planned"')).toBe(1);
  });

  it('tell the energy of answers, and the load that they met, by tier and variant', async () => {
    await using test = await setUp();
    test.agent.answered(answerAt('edge'), 0.1);
    test.agent.answered({ ...answerAt('edge'), energyJ: 0.5, concurrency: 0 }, 0.1);
    test.agent.answered(answerAt('device'), 0.1);
    const where = ['weir_tier="edge"', 'weir_variant="v"'];
    expect(await test.value('weir_response_energy_joules_sum', ...where)).toBeCloseTo(0.75, 9);
    expect(await test.value('weir_response_energy_joules_count', ...where)).toBe(2);
    expect(await test.value('weir_response_concurrency_sum', ...where)).toBe(3);
    expect(await test.value('weir_response_concurrency_bucket', ...where, 'le="0"')).toBe(1);
  });

  it('have no network where there was none', async () => {
    await using test = await setUp();
    test.agent.answered(answerAt('device'), 0);
    expect(await test.scrape()).not.toMatch(/weir_hop="(up|down)link"/);
  });

  it('have the network of a first look, where the second ran on the device', async () => {
    await using test = await setUp();
    test.agent.answered(answerAt('device', [lookAt('edge'), lookAt('device')]), 0);
    const uplink = await test.value('weir_hop_duration_seconds_sum', 'weir_hop="uplink"');
    expect(uplink).toBeCloseTo(0.02, 9);
  });

  it('count the frames whose first look was unsure, by how the second ended', async () => {
    await using test = await setUp();
    const first = lookAt('device', 1);
    const failed = {
      ...lookAt('edge'),
      classification: undefined,
      failure: 'UNAVAILABLE',
    } as unknown as Look;
    const nowhere = { ...failed, placement: undefined };
    for (const again of [
      [],
      [lookAt('edge', 1)],
      [lookAt('edge', 2)],
      [failed, lookAt('edge', 2)],
      [failed, failed],
      [nowhere],
    ])
      test.agent.answered(answerAt('device', [first, ...again]), 0);
    const ended = (result: string) => test.value('weir_second_looks_total', `weir_result="${result}"`);
    expect(await ended('agreed')).toBe(1);
    expect(await ended('disagreed')).toBe(2);
    expect(await ended('failed')).toBe(1);
    expect(await ended('unplaced')).toBe(1);
  });

  it('tell whether answers come later or earlier than predicted, and which targets failed', async () => {
    await using test = await setUp();
    test.agent.attempted(attempt({ responseMs: 80, predictedMs: 100 }));
    test.agent.attempted(attempt({ responseMs: 150, predictedMs: 100 }));
    test.agent.attempted(attempt({ responseMs: 9_000, predictedMs: 100, failure: 'UNAVAILABLE' }));
    const error = 'weir_prediction_error_seconds_sum';
    expect(await test.value(error, 'weir_direction="early"')).toBeCloseTo(0.02, 9);
    expect(await test.value(error, 'weir_direction="late"')).toBeCloseTo(0.05, 9);
    expect(await test.value('weir_attempts_failed_total', 'edge', 'UNAVAILABLE')).toBe(1);
  });

  it('count a plan that moves the device, not one that repeats the last', async () => {
    await using test = await setUp();
    for (const planned of ['edge', 'edge', 'device', 'edge']) test.agent.directed(planned);
    expect(await test.value('weir_placement_changes_total')).toBe(2);
  });

  it('count streams that are reopened', async () => {
    await using test = await setUp();
    for (const node of ['edge-1', 'cloud-1', 'edge-1', 'edge-1']) test.agent.opening('worker', node);
    expect(await test.value('weir_stream_reconnects_total', 'edge-1')).toBe(2);
    expect(await test.value('weir_stream_reconnects_total', 'cloud-1')).toBe(0);
  });

  it('begin drops at 0 and average the slack over the last hundred frames', async () => {
    await using test = await setUp();
    test.agent.watch(() => state);
    expect(await test.value('weir_frames_dropped_total', 'UNAVAILABLE')).toBe(0);
    expect(await test.scrape()).not.toMatch(/^weir_floor_slack_ratio\{/m);
    for (let frame = 0; frame < 100; frame++) test.agent.answered(answerAt('edge'), 1);
    for (let frame = 0; frame < 50; frame++) test.agent.answered(answerAt('edge'), 0);
    expect(await test.value('weir_floor_slack_ratio')).toBeCloseTo(0.5, 9);
    expect(await test.value('weir_frames_in_flight')).toBe(3);
    expect(await test.value('weir_target_reachable', 'edge-1')).toBe(0);
    expect(await test.value('weir_target_foreign_variants', 'edge-1')).toBe(2);
  });

  it('show the accuracy measured beside what was promised, from the first truth on', async () => {
    await using test = await setUp();
    const now: { measured: AgentState['measured'] } = { measured: undefined };
    test.agent.watch(() => ({ ...state, ...now }));
    const truths = (result: string) => test.value('weir_truths_total', `weir_result="${result}"`);
    expect(await test.scrape()).not.toMatch(/^weir_accuracy_(measured|promised|lower_bound)/m);
    expect(await truths('refused')).toBe(0);
    now.measured = { right: 0.9, promised: 0.92, lowerBound: 0.85 };
    for (const result of ['taken', 'taken', 'refused'] as const) test.agent.truth(result);
    expect(await test.value('weir_accuracy_measured_ratio')).toBe(0.9);
    expect(await test.value('weir_accuracy_promised_ratio')).toBe(0.92);
    expect(await test.value('weir_accuracy_lower_bound_ratio')).toBe(0.85);
    expect([await truths('taken'), await truths('refused')]).toEqual([2, 1]);
  });

  it('count hedges by whose answer came first', async () => {
    await using test = await setUp();
    const hedges = (wonBy: string) => test.value('weir_hedges_total', `weir_result="${wonBy}"`);
    expect([await hedges('target'), await hedges('device'), await hedges('neither')]).toEqual([0, 0, 0]);
    test.agent.answered(answerAt('edge'), 0);
    for (const wonBy of ['device', 'device', 'target'] as const)
      test.agent.answered({ ...answerAt('edge'), hedge: { wonBy, otherEnergyJ: 0 } }, 0);
    expect([await hedges('target'), await hedges('device'), await hedges('neither')]).toEqual([1, 2, 0]);
  });

  it('count audits by what became of them, and what they cost', async () => {
    await using test = await setUp();
    const audits = (result: string) => test.value('weir_audits_total', `weir_result="${result}"`);
    expect([await audits('agreed'), await audits('differed'), await audits('skipped')]).toEqual([0, 0, 0]);
    expect(await test.value('weir_audits_energy_joules_total')).toBe(0);
    test.agent.audited('agreed', 0.25);
    test.agent.audited('differed', 0.5);
    test.agent.audited('skipped', 0);
    expect([await audits('agreed'), await audits('differed'), await audits('skipped')]).toEqual([1, 1, 1]);
    expect(await test.value('weir_audits_energy_joules_total')).toBe(0.75);
  });

  it.each([
    [true, /^weir_policy_connected\{.*\} 1$/m],
    [false, /^weir_policy_connected\{.*\} 0$/m],
  ])('tell whether the policy answers: %s', async (policyConnected, shown) => {
    await using test = await setUp();
    test.agent.watch(() => ({ ...state, policyConnected }));
    expect(await test.scrape()).toMatch(shown);
  });

  it('show no connection without a policy', async () => {
    await using test = await setUp();
    test.agent.watch(() => ({ ...state, policyConnected: undefined }));
    expect(await test.scrape()).not.toMatch(/^weir_policy_connected\{/m);
  });
});
