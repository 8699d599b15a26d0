import { InvalidInput, WeirError } from '@weir/base';
import type { LookAgain } from '@weir/dispatch';
import type { common } from '@weir/proto';
import { type Attempt, attempt, statusOf } from './attempt.ts';
import { lookFacts } from './facts.ts';
import type { FirstLook } from './first-look.ts';
import type { Frame, InferenceOptions } from './frame.ts';
import { marginOf } from './sureness.ts';

/** Time that is left for the first answer to go out when the second look has to be given up, ms. */
const answerReserveMs = 10;

/** A second look is given up after four times what it is expected to take, but never within a second. */
const patience = { factor: 4, leastMs: 1_000 };

/**
 * Looks again at a frame whose first look was unsure: where the dispatcher says and, when that fails, where it says then,
 * until one answers, no place is left that would be in time, or the caller has left. Gives what was tried, in order; all
 * decisions are settled, that of the first look too. Never rejects, and ends early enough for the first answer.
 */
export async function lookAgain(
  frame: Frame,
  { attempt: first, excluded: failedBefore }: FirstLook,
  due: LookAgain,
  options: InferenceOptions,
): Promise<readonly Attempt[]> {
  const { dispatcher, refresh, logger } = options;
  const deadlineAt = frame.deadlineAt - answerReserveMs;
  const exclude = new Set(failedBefore);
  const margin = marginOf(first.answer);
  const why = { reason: 'unsure', firstMargin: margin, lookAgainBelow: due.marginBelow };
  const tried: Attempt[] = [];
  let before: Attempt = first;
  for (;;) {
    const at = before.end;
    refresh(at);
    // No other target could do anything with a bad picture.
    const hopeless = 'error' in before && before.error instanceof InvalidInput;
    const deadlineMs = hopeless ? 0 : deadlineAt - at;
    const decision = dispatcher.lookAgain(before.decision, before.settlement, at, { deadlineMs, exclude });
    if (!decision) return tried;
    const span = frame.span.look({ number: 2, at, facts: () => why });
    const patienceMs = Math.max(patience.leastMs, patience.factor * decision.predictedMs);
    const giveUpAt = Math.min(deadlineAt, at + patienceMs);
    const again: Attempt = await attempt(frame, { decision, at, deadlineAt: giveUpAt, span }, options);
    tried.push(again);
    const { end, settlement, hops } = again;
    const { placement } = decision;
    if ('answer' in again) {
      dispatcher.settle(decision, settlement, end);
      const facts = () => ({
        ...lookFacts(again),
        agreed: agree(first.answer.classification, again.answer.classification),
      });
      const { server } = again.answer;
      span.answered({ at: end, hops, local: placement.tier === 'device', server, facts });
      return tried;
    }
    const { error } = again;
    span.failed({ at: end, status: statusOf(error), facts: () => ({ ...placement }) });
    // A fault of the code or of the runtime costs the second look, not the answer that there is.
    if (!(error instanceof WeirError)) logger.error({ err: error, ...placement }, 'second look failed');
    if (isOver(again, frame)) {
      dispatcher.settle(decision, settlement, end);
      return tried;
    }
    exclude.add(placement.nodeId);
    before = again;
  }
}

/** Whether the caller has left during a second look: that takes the frame with it. */
export const isOver = (again: Attempt, { signal }: Frame): boolean => 'error' in again && signal.aborted;

/** Whether two looks said the same. */
export const agree = (
  first: common.Classification | undefined,
  second: common.Classification | undefined,
): boolean => first !== undefined && first.classIndex === second?.classIndex;
