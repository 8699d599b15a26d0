import { constraintOn } from './constraints.ts';
import type { Decision } from './decision.ts';
import type { DispatchAction } from './dispatch-action.ts';
import type { Settlement } from './dispatcher.ts';
import type { Frame } from './cost.ts';
import type { Frames } from './frames.ts';
import type { PlanInForce } from './plan-in-force.ts';

/** A link is in doubt when the policy takes it for so many times as slow as it is measured, and so much slower, ms. */
const doubtful = { factor: 2, leastMs: 10 };
/** Until a new doubt is looked into, ms: links in use need no check to be learned. */
const firstPauseMs = 10_000;
const longestPauseMs = 3_600_000;
/** Between checks that find the link quicker than believed, ms, and the most of them in a row. */
const row = { pauseMs: 1_000, checks: 5 };
/** How often doubts are looked for, ms. */
const periodMs = 1_000;

/** The policy's word against the device's own about one node's link. Times in ms. */
interface Doubt {
  believedMs: number;
  measuredMs: number;
  dueAt: number;
  pauseMs: number;
  /** Checks left of those in a row. */
  left: number;
}

/**
 * Finds links that are no longer as slow as the policy has learned. No frame goes over a slow link, so the policy would never
 * learn that it has recovered; the device measures its round trip and rate all the time, though. Where the two differ, a copy
 * of a frame goes that way for the policy to learn from, and nobody waits for it. The pauses between copies double for as long
 * as these say what the policy says.
 */
export class LinkChecks {
  readonly #plan: PlanInForce;
  readonly #frames: Frames;
  readonly #doubts = new Map<string, Doubt>();
  readonly #sent = new WeakMap<Decision, Doubt>();
  #lookedAt = -Infinity;

  constructor(plan: PlanInForce, frames: Frames) {
    this.#plan = plan;
    this.#frames = frames;
  }

  /** The action that a check is to try, if one is due: the quickest one there. None while a plan is obeyed. */
  due(now: number): { readonly action: DispatchAction; readonly frame: Frame } | undefined {
    if (now - this.#lookedAt < periodMs) return undefined;
    this.#lookedAt = now;
    const { directive, table } = this.#plan;
    const obeyed = directive?.thresholdMs === Infinity;
    this.#review(now);
    if (!directive || obeyed || this.#doubts.size === 0) return undefined;
    const frame = this.#frames.fresh(table, now, {});
    for (const { nodeId, actions } of table.nodes) {
      const doubt = this.#doubts.get(nodeId);
      if (!doubt || now < doubt.dueAt) continue;
      const [quickest] = actions
        .filter((action) => constraintOn(action, frame, 'obeyed') === undefined)
        .toSorted((a, b) => a.cost.serviceMs - b.cost.serviceMs);
      if (quickest) return { action: quickest, frame };
    }
    return undefined;
  }

  /** A check has gone out. */
  sent(decision: Decision, now: number): void {
    const doubt = this.#doubts.get(decision.placement.nodeId)!;
    doubt.dueAt = now + doubt.pauseMs;
    this.#sent.set(decision, doubt);
  }

  /** How something ended; what is no check means nothing. */
  ended(decision: Decision, { ok, responseMs = Infinity }: Settlement, now: number): void {
    const doubt = this.#sent.get(decision);
    if (!doubt) return;
    const quickerMs = (doubt.believedMs - doubt.measuredMs) / 2;
    if (ok && responseMs < decision.predictedMs - quickerMs && doubt.left > 1) {
      doubt.left--;
      doubt.dueAt = now + row.pauseMs;
      return;
    }
    doubt.left = row.checks;
    doubt.pauseMs = Math.min(longestPauseMs, 2 * doubt.pauseMs);
    doubt.dueAt = now + doubt.pauseMs;
  }

  /** Keeps the doubts that stand, and adds new ones. */
  #review(now: number): void {
    const { table } = this.#plan;
    const standing = new Set<string>();
    for (const { nodeId, tracker, actions } of table.nodes) {
      const measured = this.#plan.measuredMs(nodeId);
      const believed = actions[0]!.cost.networkMs;
      if (!tracker || measured === undefined) continue;
      if (believed <= Math.max(doubtful.factor * measured, measured + doubtful.leastMs)) continue;
      standing.add(nodeId);
      const doubt = this.#doubts.get(nodeId) ?? {
        dueAt: now + firstPauseMs,
        pauseMs: firstPauseMs,
        left: row.checks,
      };
      this.#doubts.set(nodeId, Object.assign(doubt, { believedMs: believed, measuredMs: measured }));
    }
    for (const nodeId of this.#doubts.keys()) if (!standing.has(nodeId)) this.#doubts.delete(nodeId);
  }
}
