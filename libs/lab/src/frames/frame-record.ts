import { basename } from 'node:path';
import { type WeirError } from '@weir/base';
import type { Answer } from '@weir/cell';
import type { HopTimes, Tier } from '@weir/domain';
import { reasonName, tierName } from '@weir/wire';
import { looksOf } from './looks-of.ts';

/**
 * What a frame counts for. Frames that warm nothing up, teach nothing and are not measured belong to `profiling` (the
 * cell's times, before anyone runs) or `pretraining` (a snapshot, learned elsewhere).
 */
export type Phase = 'profiling' | 'pretraining' | 'learning' | 'warmup' | 'measured';

/** Which frame of a run, and what it counts for. */
export interface FrameContext {
  /** Name of the scenario. */
  readonly experiment: string;
  readonly seed: number;
  /** Accuracy that the cell had to reach on average, 0..1; 0: none. */
  readonly accuracyFloor: number;
  /** Who planned, by the name in the results. */
  readonly learner: string;
  readonly phase: Phase;
  /** Turn of this learner among the others, from 1; null outside of turns. */
  readonly block: number | null;
  /** Epochs of this learner so far, from 1, as in `curve[]`; null where frames arrive by themselves. */
  readonly epoch: number | null;
}

/** One frame, as an application saw it. Null: not known, or not so for a frame that failed. */
export interface FrameRecord extends FrameContext, Readonly<Record<keyof HopTimes, number | null>> {
  /** When it was sent, ms since the experiment began. */
  readonly atMs: number;
  readonly deviceId: string;
  readonly picture: string;
  /** What the picture shows; null: tensors. */
  readonly label: string | null;
  /** What the model said. */
  readonly answer: string | null;
  readonly correct: boolean | null;
  readonly expectedAccuracy: number | null;
  readonly tier: Tier | null;
  readonly nodeId: string | null;
  readonly variant: string | null;
  readonly looks: number | null;
  readonly firstVariant: string | null;
  readonly firstMargin: number | null;
  readonly agreed: boolean | null;
  readonly responseMs: number | null;
  readonly clientMs: number;
  readonly predictedMs: number | null;
  readonly costMs: number | null;
  readonly plannedCostMs: number | null;
  readonly energyJ: number | null;
  readonly concurrency: number | null;
  readonly reason: string | null;
  readonly propensity: number | null;
  readonly directiveVersion: bigint | null;
  readonly leaseExpired: boolean | null;
  readonly balance: number | null;
  readonly failedAttempts: string | null;
  readonly failure: string | null;
  readonly failureMessage: string | null;
}

/** A frame that was sent, and what came of it. */
export interface SentFrame {
  readonly deviceId: string;
  readonly sample: { readonly file: string; readonly label?: string | undefined };
  /** ms since the experiment began. */
  readonly atMs: number;
  readonly clientMs: number;
}

const nothing = {
  answer: null,
  correct: null,
  expectedAccuracy: null,
  tier: null,
  nodeId: null,
  variant: null,
  looks: null,
  firstVariant: null,
  firstMargin: null,
  agreed: null,
  agentMs: null,
  uplinkMs: null,
  queueMs: null,
  decodeMs: null,
  computeMs: null,
  downlinkMs: null,
  responseMs: null,
  predictedMs: null,
  costMs: null,
  plannedCostMs: null,
  energyJ: null,
  concurrency: null,
  reason: null,
  propensity: null,
  directiveVersion: null,
  leaseExpired: null,
  balance: null,
  failedAttempts: null,
  failure: null,
  failureMessage: null,
} satisfies Partial<FrameRecord>;

export function answeredFrame(
  context: FrameContext,
  frame: SentFrame,
  { response, correct }: Pick<Answer, 'response' | 'correct'>,
): FrameRecord {
  const { classification, placement, hops, decision, looks } = response;
  const { first, agreed } = looksOf(response);
  return {
    ...nothing,
    ...context,
    ...sent(frame),
    answer: classification?.label ?? null,
    correct: correct ?? null,
    expectedAccuracy: response.expectedAccuracy,
    ...(placement && {
      tier: tierName(placement.tier) as Tier,
      nodeId: placement.nodeId,
      variant: placement.variant,
    }),
    looks: Math.max(1, looks.length),
    firstVariant: first.placement?.variant ?? null,
    firstMargin: first.classification?.margin ?? null,
    agreed,
    ...hops,
    responseMs: response.responseMs,
    energyJ: response.energyJ,
    ...(decision && {
      predictedMs: decision.predictedMs,
      costMs: decision.costMs,
      plannedCostMs: decision.plannedCostMs,
      concurrency: decision.concurrency,
      reason: reasonName(decision.reason),
      propensity: decision.propensity,
      directiveVersion: decision.directiveVersion,
      leaseExpired: decision.leaseExpired,
      balance: decision.balance,
      failedAttempts: decision.failedAttempts.join('; ') || null,
    }),
  };
}

export function failedFrame(context: FrameContext, frame: SentFrame, error: unknown): FrameRecord {
  return {
    ...nothing,
    ...context,
    ...sent(frame),
    failure: (error as Partial<WeirError>).status ?? 'INTERNAL',
    failureMessage: error instanceof Error ? error.message : String(error),
  };
}

const sent = ({ deviceId, sample, atMs, clientMs }: SentFrame) => ({
  deviceId,
  picture: basename(sample.file),
  label: sample.label ?? null,
  atMs,
  clientMs,
});
