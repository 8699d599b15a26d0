import { type Clock, type Logger, type Random, WeirError } from '@weir/base';
import type { Decision, Dispatcher } from '@weir/dispatch';
import { leastAuditShare, type Objective, type Outcome, type Placement } from '@weir/domain';
import { startAudit } from '@weir/telemetry';
import { type Answered, attempt, outcomeOf, statusOf } from '../frames/attempt.ts';
import { lookFacts } from '../frames/facts.ts';
import type { Frame, FrameAnswer } from '../frames/frame.ts';
import { agree } from '../frames/second-look.ts';
import { confidenceOf, marginOf } from '../frames/sureness.ts';
import type { ObservedTarget } from '../targets/target.ts';

/** How an audit may end; `skipped`: no node was idle in time, or it failed. */
export const auditResults = ['agreed', 'differed', 'skipped'] as const;
export type AuditResult = (typeof auditResults)[number];

export interface AuditsOptions {
  readonly deviceId: string;
  readonly dispatcher: Pick<Dispatcher, 'audits'>;
  readonly target: (nodeId: string) => ObservedTarget | undefined;
  /** Frames of this device that are in flight. */
  readonly framesInFlight: () => number;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly record: (outcome: Outcome, confidence: number) => void;
  /** One has ended; `energyJ`: what it cost. */
  readonly onEnded: (result: AuditResult, energyJ: number) => void;
}

/** An answer that has gone out. */
export interface AuditedAnswer {
  readonly frame: Pick<Frame, 'input' | 'span'>;
  readonly answer: FrameAnswer;
  /** As the frame came. */
  readonly objective: Pick<Objective, 'allowedTiers' | 'auditShare'>;
}

/** An answer that was drawn and waits for an idle node. */
interface Drawn extends AuditedAnswer {
  /** Epoch ms. */
  readonly giveUpAt: number;
}

/** Pictures that may wait for an idle node, and how long, ms. */
const patience = { pictures: 4, waitMs: 10_000 };
/** An audit is given up after so long, ms: its target computes it when there is nothing else to do. */
const auditMs = 10_000;
/** The device rests so long, ms, before one is sent: an application may send its next frame once it has read the answer. */
const restMs = 5;
/** Longest that an audit may keep the link busy, ms: a frame that comes meanwhile waits behind it. */
const mostSendingMs = 10;
/** Period, ms, of looking for an idle node while no frame comes. */
const retryMs = 250;

/**
 * Has the most accurate variant check a random share of the answers that others gave, once these have gone out and where
 * nobody waits for it: at an idle node, while no frame of this device is in flight, one at a time.
 */
export class Audits implements Disposable {
  readonly #options: AuditsOptions;
  readonly #stop = new AbortController();
  readonly #waiting: Drawn[] = [];
  readonly #counts: Record<AuditResult, number> = { agreed: 0, differed: 0, skipped: 0 };
  #running = false;
  /** The device rests until then, epoch ms. */
  #restsUntil = -Infinity;
  #wake: { readonly at: number; readonly cancel: () => void } | undefined;

  constructor(options: AuditsOptions) {
    this.#options = options;
  }

  get counts(): Readonly<Record<AuditResult, number>> {
    return this.#counts;
  }

  /** Draws whether this answer is checked. Only a classifier's can be: tensors agree or differ by degrees. */
  answered(audited: AuditedAnswer): void {
    if (!audited.answer.classification) return;
    const { dispatcher, random, clock } = this.#options;
    const { auditShare } = audited.objective;
    if (this.#stop.signal.aborted || auditShare < leastAuditShare || random.uniform() >= auditShare) return;
    const now = clock.now();
    if (!dispatcher.audits(audited.answer.placement.variant, now)) return;
    if (this.#waiting.length >= patience.pictures) return this.#ended('skipped');
    this.#waiting.push({ ...audited, giveUpAt: now + patience.waitMs });
    this.#wakeWithin(retryMs);
  }

  /** A frame is no longer in flight. */
  frameLeft(): void {
    this.#restsUntil = this.#options.clock.now() + restMs;
    if (this.#waiting.length > 0) this.#wakeWithin(restMs);
  }

  /** Gives up those that wait and the one that runs. */
  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#wake?.cancel();
    for (const _ of this.#waiting.splice(0)) this.#ended('skipped');
  }

  #wakeWithin(ms: number): void {
    const { clock } = this.#options;
    const at = clock.now() + ms;
    if (this.#stop.signal.aborted || (this.#wake && this.#wake.at <= at)) return;
    this.#wake?.cancel();
    this.#wake = { at, cancel: clock.after(ms, () => this.#awake()) };
  }

  #awake(): void {
    this.#wake = undefined;
    const now = this.#options.clock.now();
    while (this.#waiting[0] && this.#waiting[0].giveUpAt <= now) {
      this.#waiting.shift();
      this.#ended('skipped');
    }
    const restMs = Math.max(0, this.#restsUntil - now);
    if (!this.#running && restMs === 0 && this.#options.framesInFlight() === 0) this.#begin(now);
    if (this.#waiting.length > 0) this.#wakeWithin(restMs || retryMs);
  }

  /** The first that waits and has an idle node. */
  #begin(now: number): void {
    for (const [index, drawn] of this.#waiting.entries()) {
      const place = this.#idlePlace(drawn, now);
      if (!place) continue;
      this.#waiting.splice(index, 1);
      void this.#audit(drawn, place);
      return;
    }
  }

  #idlePlace({ frame, answer, objective }: Drawn, now: number): Decision | undefined {
    const { dispatcher, target } = this.#options;
    const maySend = (to: ObservedTarget | undefined) =>
      to !== undefined && to.idle && to.sendingMs(frame.input) <= mostSendingMs;
    return dispatcher
      .audits(answer.placement.variant, now)
      ?.find(
        ({ placement: { tier, nodeId } }) =>
          objective.allowedTiers.includes(tier) && !answer.failedOn.has(nodeId) && maySend(target(nodeId)),
      );
  }

  async #audit({ frame, answer, objective: { auditShare } }: Drawn, decision: Decision): Promise<void> {
    const { deviceId, clock, logger, record } = this.#options;
    this.#running = true;
    const at = clock.now();
    const margin = marginOf(answer);
    const why = { deviceId, reason: 'audit', firstMargin: margin };
    const span = startAudit({ frame: frame.span.context, at, facts: () => why });
    const looking = { decision, at, deadlineAt: at + auditMs, span, background: true };
    const tried = await attempt({ input: frame.input, signal: this.#stop.signal }, looking, this.#options);
    this.#running = false;
    const { end, hops } = tried;
    if ('answer' in tried) {
      const agreed = agree(answer.classification, tried.answer.classification);
      record(auditOutcome(tried, { answer, agreed, deviceId, auditShare }), confidenceOf(tried.answer));
      const local = decision.placement.tier === 'device';
      span.answered({
        at: end,
        hops,
        local,
        server: tried.answer.server,
        facts: () => ({ ...lookFacts(tried), agreed }),
      });
      this.#ended(agreed ? 'agreed' : 'differed', tried.answer.energyJ);
    } else {
      const { error } = tried;
      span.failed({ at: end, status: statusOf(error), facts: () => ({ ...decision.placement }) });
      if (!(error instanceof WeirError)) logger.error({ err: error }, 'audit failed');
      this.#ended('skipped');
    }
    if (this.#waiting.length > 0) this.#wakeWithin(restMs);
  }

  #ended(result: AuditResult, energyJ = 0): void {
    this.#counts[result] += 1;
    this.#options.onEnded(result, energyJ);
  }
}

/** What an audit tells the policy: no more than that of the frame; it took no part in what the frame was promised. */
function auditOutcome(
  tried: Answered,
  {
    answer,
    agreed,
    deviceId,
    auditShare,
  }: {
    answer: FrameAnswer;
    agreed: boolean;
    deviceId: string;
    auditShare: number;
  },
): Outcome {
  const { accuracy, directiveVersion, trial } = answer.decision;
  const placement: Placement = answer.placement;
  return {
    ...outcomeOf(tried, { deviceId, reason: 'audit', accuracy }),
    planVersion: directiveVersion,
    firstLook: { placement, margin: marginOf(answer), agreed },
    auditProbability: auditShare,
    shadow: true,
    ...(trial !== undefined && { trial }),
  };
}
