import { median } from '@weir/base';

/** What is asked for, and how many at once. */
export interface Load {
  readonly model: string;
  readonly input: 'tensor' | 'png-64' | 'jpeg-1080p';
  readonly concurrency: number;
}

/** One server under one load; `peer` is who serves: absent, Weir's worker. */
export interface Series extends Load {
  readonly peer?: 'python' | 'mlserver' | undefined;
  readonly call: 'stream' | 'unary';
  /** Inferences that the server runs at once. */
  readonly slots: number;
}

/** Of one turn, or medians of several. Times to an answer are the client's. */
export interface Figures {
  readonly rps: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Of the server's process. */
  readonly cpuMsPerRequest: number;
  /** Of that, on its main thread. */
  readonly mainMsPerRequest: number;
  /** Of the client's process, which takes its share of the same machine. */
  readonly clientCpuMsPerRequest: number;
}

export type Row = Series & Figures;

/** ONNX Runtime by itself: one thread, one process, nothing else. */
export interface RawRow {
  readonly model: string;
  readonly rps: number;
  readonly cpuMsPerRequest: number;
}

/** Medians over turns, figure by figure. */
export function mediansOf<Key extends string>(
  turns: readonly Readonly<Record<Key, number>>[],
): Readonly<Record<Key, number>> {
  const keys = Object.keys(turns[0]!) as Key[];
  return Object.fromEntries(keys.map((key) => [key, median(turns.map((turn) => turn[key]))])) as Record<
    Key,
    number
  >;
}
