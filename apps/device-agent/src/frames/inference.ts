import { Cancelled } from '@weir/base';
import { noHops } from '@weir/wire';
import { type Answered, type Attempt, isTargetsFault, outcomeOf, statusOf } from './attempt.ts';
import { sendCopies } from './copies.ts';
import { type FirstLook, lookFirst } from './first-look.ts';
import type { Frame, FrameAnswer, InferenceOptions, Look } from './frame.ts';
import { addHops } from './hops.ts';
import { agree, isOver, lookAgain } from './second-look.ts';
import { confidenceOf, marginOf } from './sureness.ts';

/**
 * Answers one frame: dispatch, run, settle; when a target fails, leave it out and dispatch again while another one is
 * predicted to be in time. When the first look is less sure than its decision asks for, looks again; where that fails, or
 * there is no time for it, the first answer stands. Never settles later than the frame's deadline. Rejects with InvalidInput
 * (the picture), DeadlineExceeded, Cancelled, ResourceExhausted (DEADLINE_UNREACHABLE: no target can be in time),
 * FailedPrecondition (no placement is allowed) or what the last target failed with.
 */
export async function infer(frame: Frame, options: InferenceOptions): Promise<FrameAnswer> {
  void sendCopies(frame.input, options);
  const first = await lookFirst(frame, options);
  const { decision, answer, settlement, end } = first.attempt;
  const due = decision.lookAgain;
  const unsure = due !== undefined && marginOf(answer) < due.marginBelow;
  if (!unsure) {
    options.dispatcher.settle(decision, settlement, end);
    recordLooks(frame, first, [], options);
    return answerOf(frame, first, [firstLookOf(first)], [first.attempt]);
  }
  // Nobody waits for a second look at a frame whose caller has left.
  if (frame.signal.aborted) {
    options.dispatcher.settle(decision, { ...settlement, ok: false }, end);
    throw new Cancelled('the caller has left');
  }
  const again = await lookAgain(frame, first, due, options);
  recordLooks(frame, first, again, options);
  const last = again.at(-1);
  if (last && 'error' in last && isOver(last, frame)) throw last.error;
  const looks = again.length > 0 ? again.map(secondLookOf) : [noPlaceFor(due.variant)];
  return answerOf(frame, first, [firstLookOf(first), ...looks], [first.attempt, ...again]);
}

/**
 * One outcome a look, in order. All but the last are told to have been looked at again, so that a frame counts once; all of
 * them where nobody got an answer.
 */
function recordLooks(
  frame: Frame,
  { attempt: first, reason }: FirstLook,
  again: readonly Attempt[],
  { deviceId, record }: InferenceOptions,
): void {
  const { accuracy, placement, lookAgain } = first.decision;
  const margin = marginOf(first.answer);
  const worthTelling = again.filter((second) => 'answer' in second || isTargetsFault(second, frame));
  const last = again.at(-1);
  const unanswered = last !== undefined && isOver(last, frame);
  const lookedAgain = (look: Attempt) => unanswered || look !== (worthTelling.at(-1) ?? first);
  record(
    {
      ...outcomeOf(first, { deviceId, reason, accuracy }),
      lookAgainBelow: lookAgain?.marginBelow,
      lookedAgain: lookedAgain(first),
    },
    confidenceOf(first.answer),
  );
  for (const second of worthTelling)
    record(
      {
        ...outcomeOf(second, { deviceId, reason: 'unsure', accuracy }),
        firstLook: { placement, margin, agreed: isSame(first, second) },
        lookedAgain: lookedAgain(second),
      },
      'answer' in second ? confidenceOf(second.answer) : 0,
    );
}

const isSame = (first: Answered, second: Attempt) =>
  'answer' in second && agree(first.answer.classification, second.answer.classification);

/** `attempts`: the first look and all that came after it. */
function answerOf(
  frame: Frame,
  { reason, failedAttempts, excluded, hedge, attempt: { decision } }: FirstLook,
  looks: readonly Look[],
  attempts: readonly [Answered, ...Attempt[]],
): FrameAnswer {
  const answered = attempts.filter((tried) => 'answer' in tried);
  const { answer, decision: last } = answered.at(-1)!;
  const failed = attempts.filter((tried) => 'error' in tried);
  return {
    classification: answer.classification,
    outputs: answer.outputs ?? [],
    placement: last.placement,
    concurrency: answer.concurrency,
    decision,
    reason,
    failedAttempts,
    hedge,
    failedOn:
      failed.length > 0
        ? new Set([...excluded, ...failed.map((tried) => tried.decision.placement.nodeId)])
        : excluded,
    looks,
    hops: looks.map(({ hops }) => hops).reduce(addHops),
    responseMs: attempts.at(-1)!.end - frame.arrivedAt,
    predictedMs: answered.reduce((sum, tried) => sum + tried.decision.predictedMs, 0),
    energyJ: answered.reduce((sum, tried) => sum + tried.answer.energyJ, hedge?.otherEnergyJ ?? 0),
  };
}

function firstLookOf({ attempt: { decision, answer }, hops }: FirstLook): Look {
  const { placement } = decision;
  return { variant: placement.variant, placement, classification: answer.classification, hops };
}

function secondLookOf(tried: Attempt): Look {
  const { decision, hops } = tried;
  const { placement } = decision;
  const look = { variant: placement.variant, placement, hops };
  return 'answer' in tried
    ? { ...look, classification: tried.answer.classification }
    : { ...look, failure: statusOf(tried.error) };
}

/** There was neither time nor place for it. */
const noPlaceFor = (variant: string): Look => ({
  variant,
  placement: undefined,
  hops: noHops,
  failure: 'DEADLINE_EXCEEDED',
});
