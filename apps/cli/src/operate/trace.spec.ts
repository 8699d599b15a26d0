import { agent, common, policy } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { decisionDocument, decisionLines } from './trace.ts';

const at = (nodeId: string, variant: string): common.Placement => ({
  tier: common.Tier.EDGE,
  nodeId,
  variant,
});
const action = (placement: common.Placement, costMs: number, boundBy = '') =>
  policy.TracedAction.fromPartial({ placement, predictedMs: costMs - 1, costMs, accuracy: 0.8, boundBy });

/** A frame that went to edge-1 where edge-2 was planned. */
const traced = (
  decision: Partial<agent.Decision> = {},
  more: Partial<policy.TracedDecision> = {},
): policy.TracedDecision =>
  policy.TracedDecision.fromPartial({
    requestId: 'f-1',
    ageMs: 2_100,
    placement: at('edge-1', 'small'),
    planned: at('edge-2', 'large'),
    thresholdMs: 20,
    actions: [
      action(at('edge-1', 'small'), 30),
      action(at('edge-2', 'large'), 80),
      action(at('edge-3', 'tiny'), 9, 'floor'),
    ],
    responseMs: 33,
    looks: [{ placement: at('edge-1', 'small') }],
    decision: { reason: agent.Reason.DEVIATED, predictedMs: 29, costMs: 30, plannedCostMs: 80, ...decision },
    ...more,
  } as policy.TracedDecision);
const told = (...given: Parameters<typeof traced>) =>
  decisionLines(decisionDocument(traced(...given))).join('\n');

describe('a decision, told to people', () => {
  it('says where the frame went, why, what else there was and what forbade it', () => {
    expect(told()).toBe(
      [
        '2.1 s ago, frame f-1: edge-1 small, expected 29 ms, took 33 ms',
        '  why      saves 50 ms over the plan (edge-2 large), more than 20 ms',
        '  instead  edge-2 large 79 ms (cost 80 ms)',
        '  not      edge-3 tiny: below the floor, and the balance does not make up for it',
      ].join('\n'),
    );
  });

  const ejected = [action(at('edge-1', 'small'), 30), action(at('edge-2', 'large'), 80, 'ejected')];
  it.each<[string, Partial<agent.Decision>, Partial<policy.TracedDecision>, RegExp]>([
    ['as planned', { reason: agent.Reason.PLANNED }, {}, /as planned: nothing saves more than 20 ms/],
    ['obeyed', { reason: agent.Reason.PLANNED }, { thresholdMs: Infinity }, /the plan is obeyed/],
    ['explored', { reason: agent.Reason.EXPLORED }, {}, /exploring plan/],
    [
      'ejected',
      { reason: agent.Reason.FALLBACK },
      { actions: ejected },
      /not as planned \(edge-2 large\): ejected/,
    ],
    ['without a plan', { reason: agent.Reason.FALLBACK }, { planned: undefined }, /no plan is in force/],
    ['tried elsewhere', { failedAttempts: ['edge-2: UNAVAILABLE'] }, {}, /; after edge-2: UNAVAILABLE/],
    ['in a trial', {}, { trial: 'newcomer' }, /in the trial of the canary newcomer/],
    [
      'unsure',
      { secondVariant: 'large', lookAgainBelow: 0.31 },
      {},
      /large looks again where the margin is below 0\.31/,
    ],
    ['cut off', { leaseExpired: true }, {}, /the lease of the directive has run out/],
    [
      'failed',
      {},
      { responseMs: 0, failure: 'DEADLINE_EXCEEDED' },
      /expected 29 ms, failed: DEADLINE_EXCEEDED/,
    ],
    ['under way', {}, { responseMs: 0, looks: [] }, /under way/],
  ])('names what it was: %s', (_, decision, more, text) => {
    expect(told(decision, more)).toMatch(text);
  });

  it('of a frame that was refused says so', () => {
    const refused = {
      placement: undefined,
      decision: undefined,
      responseMs: 0,
      failure: 'FAILED_PRECONDITION',
    };
    expect(told({}, refused)).toMatch(
      /^2\.1 s ago, frame f-1: failed: FAILED_PRECONDITION\n {2}why {6}no placement was allowed/,
    );
  });

  it('lets no text of an application or an agent steer the terminal', () => {
    expect(told({}, { requestId: '\u001b[2Jf' })).toMatch(/frame \?\[2Jf:/);
    const hostile = 'x\u001b[2J\n';
    const planned = at('edge-2', 'large');
    const lines = decisionLines(
      decisionDocument(
        traced(
          { reason: agent.Reason.FALLBACK, failedAttempts: [hostile], secondVariant: hostile },
          { failure: hostile, trial: hostile, planned, actions: [action(planned, 80, hostile)] },
        ),
      ),
    );
    expect(lines.join('').match(/x\?\[2J\?/g)).toHaveLength(6);
    expect(lines.join('')).not.toMatch(/\p{Cc}/u);
  });

  it('takes what forbids an action by no name of its own for a word of ours', () => {
    const actions = [action(at('edge-3', 'tiny'), 9, 'constructor')];
    expect(told({}, { actions })).toMatch(/edge-3 tiny: constructor$/);
  });

  it('is one JSON document whatever is infinite or missing', () => {
    const document = decisionDocument(traced({}, { thresholdMs: Infinity, planned: undefined }));
    expect(document).toMatchObject({ thresholdMs: null, planned: null, trial: null, failure: null });
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
  });
});
