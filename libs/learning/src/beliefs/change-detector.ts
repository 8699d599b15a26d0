/** JSON form of a `ChangeDetector`. */
export interface ChangeState {
  readonly up: number;
  readonly down: number;
}

/** Drift per observation, in standard deviations, that is tolerated. */
const slack = 0.75;
/** Sum at which a change is called: about e^(2·0.75·8) observations between false alarms under normal noise. */
const threshold = 8;

/**
 * Two-sided cumulative sum over standardised innovations: tells a lasting change from noise.
 * Source: Page 1954, "Continuous inspection schemes".
 */
export class ChangeDetector {
  up = 0;
  down = 0;

  /** `innovation`: (observed − predicted) / standard deviation expected. True when something has changed. */
  observe(innovation: number): boolean {
    this.up = Math.max(0, this.up + innovation - slack);
    this.down = Math.max(0, this.down - innovation - slack);
    if (this.up < threshold && this.down < threshold) return false;
    this.up = this.down = 0;
    return true;
  }

  state(): ChangeState {
    return { up: this.up, down: this.down };
  }
}
