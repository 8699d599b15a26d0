/** How far predicted response times were off, over the last outcomes. */
export class PredictionError {
  readonly #window: number;
  readonly #errors: { readonly errorMs: number; readonly responseMs: number }[] = [];

  constructor(window = 100) {
    this.#window = window;
  }

  add({ predictedMs, responseMs }: { predictedMs: number; responseMs: number }): void {
    this.#errors.push({ errorMs: Math.abs(predictedMs - responseMs), responseMs });
    if (this.#errors.length > this.#window) this.#errors.shift();
  }

  /** Mean absolute error relative to the mean response time; 0 before the first outcome. */
  value(): number {
    const responseMs = this.#errors.reduce((sum, outcome) => sum + outcome.responseMs, 0);
    const errorMs = this.#errors.reduce((sum, outcome) => sum + outcome.errorMs, 0);
    return responseMs > 0 ? errorMs / responseMs : 0;
  }
}
