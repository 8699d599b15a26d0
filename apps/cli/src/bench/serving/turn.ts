import type { Figures } from './figures.ts';

/** To the client's process: load this server for so long, and tell. */
export interface Turn {
  readonly protocol: 'weir-stream' | 'weir-unary' | 'open-inference';
  readonly address: string;
  /** The server's process. */
  readonly pid: number;
  readonly variant: string;
  /** File of the encoded picture, or the side of a tensor. */
  readonly input: { readonly picture: string } | { readonly side: number };
  readonly concurrency: number;
  /** Before it counts, ms. */
  readonly settleMs: number;
  readonly measureMs: number;
}

export type TurnResult = { readonly figures: Figures } | { readonly failure: string };

/** To the process of ONNX Runtime alone. */
export interface RawTurn {
  readonly path: string;
  readonly side: number;
  readonly measureMs: number;
}
