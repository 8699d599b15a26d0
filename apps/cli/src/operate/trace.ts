import type { policy } from '@weir/proto';
import { reasonName } from '@weir/wire';
import { ms, time } from '../words.ts';
import { placementDocument } from './documents.ts';

type Place = ReturnType<typeof placementDocument>;
export type DecisionDocument = ReturnType<typeof decisionDocument>;

/** Times in ms, accuracies 0..1. */
export function decisionDocument(traced: policy.TracedDecision) {
  const { decision, placement, planned, actions, looks, thresholdMs } = traced;
  return {
    requestId: traced.requestId,
    ageMs: traced.ageMs,
    placement: placement ? placementDocument(placement) : null,
    reason: decision ? reasonName(decision.reason) : null,
    planned: planned ? placementDocument(planned) : null,
    predictedMs: decision?.predictedMs ?? null,
    costMs: decision?.costMs ?? null,
    plannedCostMs: decision?.plannedCostMs ?? null,
    /** null: the plan is obeyed, whatever it costs. */
    thresholdMs: Number.isFinite(thresholdMs) ? thresholdMs : null,
    accuracyPriceMs: traced.accuracyPriceMs,
    leastAccuracy: traced.leastAccuracy,
    deadlineMs: traced.deadlineMs,
    balance: decision?.balance ?? null,
    learner: decision?.learner ?? null,
    directiveVersion: decision ? Number(decision.directiveVersion) : null,
    leaseExpired: decision?.leaseExpired ?? null,
    trial: traced.trial || null,
    secondLook: decision?.secondVariant
      ? {
          variant: decision.secondVariant,
          marginBelow: decision.lookAgainBelow,
          savesMs: decision.savedMs,
        }
      : null,
    failedAttempts: decision?.failedAttempts ?? [],
    looks: looks.map((look) => ({
      ...(look.placement ? placementDocument(look.placement) : { tier: null, node: null, variant: null }),
      failure: look.failure || null,
    })),
    responseMs: traced.responseMs || null,
    failure: traced.failure || null,
    actions: actions.flatMap((action) =>
      action.placement
        ? {
            ...placementDocument(action.placement),
            predictedMs: action.predictedMs,
            costMs: action.costMs,
            accuracy: action.accuracy,
            boundBy: action.boundBy || null,
          }
        : [],
    ),
  };
}

/** Others that are named of what a frame might have done. */
const mostOthers = 3;

/** A decision for people. */
export function decisionLines(decision: DecisionDocument): string[] {
  const { requestId, ageMs, placement, predictedMs, responseMs, failure } = decision;
  const end = failure
    ? `failed: ${shown(failure)}`
    : responseMs === null
      ? 'under way'
      : `took ${ms(responseMs)}`;
  const where = placement ? `${placeText(placement)}, expected ${ms(predictedMs)}, ` : '';
  return [
    `${time(ageMs)} ago, frame ${shown(requestId)}: ${where}${end}`,
    `  why      ${whyText(decision)}`,
    ...othersText(decision),
    ...boundLines(decision),
  ];
}

function whyText(decision: DecisionDocument): string {
  const { reason, planned, costMs, plannedCostMs, thresholdMs, secondLook, looks, trial } = decision;
  const dearerMs = Math.max(0, (plannedCostMs ?? 0) - (costMs ?? 0));
  const boundBy = planned && decision.actions.find((action) => isSame(action, planned))?.boundBy;
  const first = {
    planned:
      thresholdMs === null
        ? 'as planned: the plan is obeyed'
        : `as planned: nothing saves more than ${ms(thresholdMs)}`,
    explored: 'as an exploring plan says, to learn what it costs',
    deviated:
      planned && `saves ${ms(dearerMs)} over the plan (${placeText(planned)}), more than ${ms(thresholdMs)}`,
    fallback: planned
      ? `not as planned (${placeText(planned)})${boundBy ? `: ${boundText(boundBy)}` : ''}`
      : 'no plan is in force',
  }[reason ?? ''];
  return [
    first ??
      (decision.placement ? (reason ?? '') : 'no placement was allowed, or none would have been in time'),
    ...decision.failedAttempts.map((failed) => `after ${shown(failed)}`),
    ...(trial ? [`in the trial of the canary ${shown(trial)}`] : []),
    ...(secondLook
      ? [
          `${shown(secondLook.variant)} looks again where the margin is below ${secondLook.marginBelow.toFixed(2)}${looks.length > 1 ? ', as it was' : ''}`,
        ]
      : []),
    ...(decision.leaseExpired ? ['the lease of the directive has run out'] : []),
  ].join('; ');
}

/** What forbids an action, for people. */
const bounds: ReadonlyMap<string, string> = new Map([
  ['variant', 'another variant was asked for'],
  ['tier', 'the objective does not allow the tier'],
  ['excluded', 'it had just failed this frame'],
  ['unreachable', 'unreachable'],
  ['foreign', 'serves another model by this name'],
  ['ejected', 'ejected, because it keeps failing'],
  ['floor', 'below the floor, and the balance does not make up for it'],
  ['deadline', 'would have been too late'],
]);
const boundText = (boundBy: string) => bounds.get(boundBy) ?? shown(boundBy);

function othersText({ actions, placement }: DecisionDocument): string[] {
  const others = actions.filter(
    (action) => action.boundBy === null && !(placement && isSame(action, placement)),
  );
  if (others.length === 0) return [];
  const named = others
    .slice(0, mostOthers)
    .map((action) => `${placeText(action)} ${ms(action.predictedMs)} (cost ${ms(action.costMs)})`);
  const more = others.length - named.length;
  return [`  instead  ${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`];
}

function boundLines({ actions }: DecisionDocument): string[] {
  const bound = Map.groupBy(
    actions.filter(({ boundBy }) => boundBy !== null),
    ({ boundBy }) => boundBy!,
  );
  return [...bound].map(
    ([boundBy, of]) =>
      `  not      ${of.map((action) => placeText(action)).join(', ')}: ${boundText(boundBy)}`,
  );
}

const isSame = (a: Place, b: Place) => a.node === b.node && a.variant === b.variant;
const placeText = ({ node, variant }: Place) => `${shown(node)} ${shown(variant)}`;
/** Texts come from applications and agents: no character of theirs steers a terminal. */
const shown = (text: string) => text.slice(0, 128).replace(/[^ -~]/g, '?');
