/** How busy a node that runs models is, as it reports itself. */
export interface NodeLoad {
  readonly nodeId: string;
  readonly slots: number;
  readonly inService: number;
  readonly queued: number;
  /** Expected wait of an inference that arrives now, ms. */
  readonly backlogMs: number;
  /** Mean of `backlogMs` over the last 5 s, ms. */
  readonly meanBacklogMs: number;
  /** Congestion price κ: arrival rate / (1 − min(0.95, utilization)), inferences per ms; decays to 0 when idle. */
  readonly congestionPerMs: number;
  /** Share of slot time in use over the last 5 s, 0..1. */
  readonly utilization: number;
}
