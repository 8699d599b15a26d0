import type { StatusName } from '@weir/base';
import type { StoreLimits } from './limits.ts';
import type { Tables } from './tables.ts';

/** What the store asks of its thread, by the names of the tables' operations. */
export type OperationName = Exclude<keyof Tables, 'reset'>;
export type Operation = {
  [Name in OperationName]: { readonly name: Name; readonly arguments: Parameters<Tables[Name]> };
}[OperationName];

/** One group: its operations are committed together. An empty group closes the store. */
export type Group = readonly Operation[];

/** What the thread starts with. */
export interface WorkerOptions {
  readonly path: string;
  readonly limits: StoreLimits;
}

/** An error as it crosses the threads. */
export interface Fault {
  readonly message: string;
  readonly reason: string;
  readonly status: StatusName;
}

/** What the thread answers: once when it has opened the file, then once for each group, in order. */
export type WorkerReply =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly fault: Fault }
  | { readonly kind: 'committed'; readonly results: readonly unknown[] }
  | { readonly kind: 'failed'; readonly fault: Fault };
