/** What a process of simulated agents is asked: to join them, which then talk once a second, or to tell, or forget, what they have heard since. */
export type AgentsTurn =
  | {
      readonly do: 'join';
      readonly address: string;
      /** Number of the first agent; agent n is in cell n / perCell. */
      readonly from: number;
      readonly count: number;
      readonly perCell: number;
      /** Longest wait of one agent for its first directive. */
      readonly timeoutMs: number;
    }
  | { readonly do: 'tell' | 'forget' };

export interface AgentsFigures {
  /** From sending an outcome to its acknowledgement. */
  readonly ackMs: readonly number[];
  readonly directives: number;
  /** Messages of outcomes sent. */
  readonly messages: number;
  /** Why sessions have failed. */
  readonly failures: readonly string[];
}
