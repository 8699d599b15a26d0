import { mean } from '@weir/base';
import type { Outcome } from '@weir/domain';
import { option, type OptionRules } from '../learner-options.ts';
import { isFeasible, type JointAction, type JointSpace } from './joint-space.ts';

/** How a joint action is judged. */
export interface RewardOptions {
  /** Response time that counts as reward −1, ms. @default 300 — so that rewards are of the order of one */
  readonly rewardScaleMs: number;
  /**
   * Response time that a joint action below the floor is judged by instead of its own, ms. The paper says "a large
   * penalty". @default 1500 — own choice, five times a typical response
   */
  readonly penaltyMs: number;
}

export const rewardDefaults: RewardOptions = { rewardScaleMs: 300, penaltyMs: 1500 };

export const rewardRules: OptionRules<RewardOptions> = {
  rewardScaleMs: option.positive,
  penaltyMs: option.positive,
};

/** One joint action with its reward. */
export interface Experience {
  readonly space: JointSpace;
  readonly jointAction: JointAction;
  readonly reward: number;
  /** Mean response time of each device, ms. */
  readonly responsesMs: readonly number[];
}

/**
 * Collects the outcomes of the joint action in force until every device has answered once; then the mean response time
 * is the experience of all of them together. Outcomes of other placements (late ones) and failures are left out.
 */
export class EpochCollector {
  readonly #options: RewardOptions;
  #running:
    | { space: JointSpace; jointAction: JointAction; sums: Map<string, { ms: number; count: number }> }
    | undefined;

  constructor(options: RewardOptions) {
    this.#options = options;
  }

  start(space: JointSpace, jointAction: JointAction): void {
    this.#running = { space, jointAction, sums: new Map() };
  }

  /** The experience when the last missing device has answered, else undefined. */
  add(outcomes: readonly Outcome[]): Experience | undefined {
    const running = this.#running;
    if (!running) return undefined;
    const { space, jointAction, sums } = running;
    for (const { deviceId, placement, responseMs, failure, shadow } of outcomes) {
      const device = space.deviceIds.indexOf(deviceId);
      if (device < 0 || failure || shadow) continue;
      const asked = space.actions[device]![jointAction[device]!]!;
      if (asked.nodeId !== placement.nodeId || asked.variant !== placement.variant) continue;
      const sum = sums.get(deviceId) ?? { ms: 0, count: 0 };
      sums.set(deviceId, { ms: sum.ms + responseMs, count: sum.count + 1 });
    }
    if (sums.size < space.deviceIds.length) return undefined;
    this.#running = undefined;
    const { rewardScaleMs, penaltyMs } = this.#options;
    const responsesMs = space.deviceIds.map((id) => sums.get(id)!.ms / sums.get(id)!.count);
    const meanMs = isFeasible(space, jointAction) ? mean(responsesMs) : penaltyMs;
    return { space, jointAction, reward: -meanMs / rewardScaleMs, responsesMs };
  }
}
