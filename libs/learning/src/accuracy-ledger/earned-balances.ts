import type { Outcome } from '@weir/domain';

/** Twenty frames at an accuracy of 1 over a floor of 0: no agent keeps more. */
const most = 20;

/** What accuracies are held against. */
export interface EarningTerms {
  readonly accuracyFloor: number;
  /** Accuracy of a variant as the cell knows it; undefined for one that it does not know. */
  readonly accuracyOf: (variant: string) => number | undefined;
}

/**
 * What each device is known to hold: earned by the frames that it has answered, at the accuracies that the cell knows, with
 * credits added and debits taken. It starts at 0, so an honest device never holds less: what it earned before anybody
 * watched is known to itself alone.
 */
export class EarnedBalances {
  readonly #held = new Map<string, number>();

  /** Frames × accuracy. */
  of(deviceId: string): number {
    return this.#held.get(deviceId) ?? 0;
  }

  /** Answers that failed, audits and first looks whose answer does not stand earn and cost nothing. */
  learn(outcomes: readonly Outcome[], { accuracyFloor, accuracyOf }: EarningTerms): void {
    if (accuracyFloor <= 0) return;
    for (const { deviceId, placement, accuracy, failure, shadow, lookedAgain } of outcomes) {
      const known = accuracyOf(placement.variant);
      if (failure !== undefined || shadow || lookedAgain || known === undefined) continue;
      this.add(deviceId, Math.min(accuracy, known) - accuracyFloor);
    }
  }

  /** `amount` < 0 takes away. */
  add(deviceId: string, amount: number): void {
    this.#held.set(deviceId, Math.max(0, Math.min(most, this.of(deviceId) + amount)));
  }

  forget(deviceId: string): void {
    this.#held.delete(deviceId);
  }

  /** For a new floor. */
  clear(): void {
    this.#held.clear();
  }
}
