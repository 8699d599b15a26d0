/** Load of a node that runs models, as it reports itself. */
export interface NodeLoad {
  readonly nodeId: string;
  /** c. */
  readonly slots: number;
  readonly inService: number;
  readonly queued: number;
  /** Expected wait of an inference that arrives now, ms. */
  readonly backlogMs: number;
  /** W̄: mean of `backlogMs` over the last 5 s, ms. */
  readonly meanBacklogMs: number;
  /** Congestion price κ = λ / (1 − min(0.95, ρ)), inferences per ms; decays to 0 when idle. */
  readonly congestionPerMs: number;
  /** ρ: share of slot time in use over the last 5 s, 0..1. */
  readonly utilization: number;
}
