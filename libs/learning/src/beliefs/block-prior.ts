/** What other cells say of the weights of one kind of block. */
export interface BlockPrior {
  readonly mean: readonly number[];
  /** Row-major, full. */
  readonly covariance: readonly number[];
  /** Size of the costs, ms. */
  readonly priorMs: number;
}
