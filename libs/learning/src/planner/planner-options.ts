import type { ActionSpace } from '../actions.ts';
import type { BeliefOptions } from '../beliefs/belief-options.ts';

export interface PlannerOptions extends BeliefOptions {
  /** Actions considered. @default 'full' — own choice: every variant everywhere; the paper's space is a special case */
  readonly actionSpace: ActionSpace;
  /**
   * Exploration credit earned by each plan of a synchronous epoch, as a share of the best plan's expected cost.
   * @default 0.03 — docs/learning.md
   */
  readonly creditShare: number;
  /**
   * The same in a living cell, whose plans come once a second and are many: what all exploration may cost in the long run.
   * @default 0.005 — docs/learning.md, "How much to explore"
   */
  readonly livingCreditShare: number;
  /**
   * Most credit kept, and credit at the start, in costs of one plan: no single exploration is expected to cost more. What
   * it rules out at first is noticed by shadow probes. @default 0.1 — docs/learning.md, "How much to explore"
   */
  readonly creditCap: number;
  /**
   * Plans between two rounds of shadow probes, which notice changes where no frame goes; 0: none. Two unused nodes are
   * probed in turn, so that a recovery shows within 16 plans. @default 8 — own choice
   */
  readonly probeEvery: number;
  /**
   * Least gain over the best known plan that a draw must promise to be tried in a living cell, as a share of its cost:
   * what differs by less is not worth finding out. Synchronous epochs are bounded by the credit alone. @default 0.02 —
   * docs/learning.md, "How much to explore"
   */
  readonly leastGain: number;
}

export const plannerDefaults: Omit<PlannerOptions, keyof BeliefOptions> = {
  actionSpace: 'full',
  creditShare: 0.03,
  livingCreditShare: 0.005,
  creditCap: 0.1,
  probeEvery: 8,
  leastGain: 0.02,
};
