import type { StatusName } from '@weir/base/errors';
import type { StoreLimits } from '../limits.ts';
import type { Tables } from './tables.ts';

/** Requests to the store's thread, named after the tables' operations. */
export type OperationName = Exclude<keyof Tables, 'reset'>;
export type Operation = {
  [Name in OperationName]: { readonly name: Name; readonly arguments: Parameters<Tables[Name]> };
}[OperationName];

/** One group: its operations are committed together. An empty group closes the store. */
export type Group = readonly Operation[];

/** What is done beside the groups, one at a time: a copy of the file; or all that was deleted leaves the log before the file too. */
export type Task = { readonly copyTo: string } | 'checkpoint';

/** What the thread starts with. */
export interface WorkerOptions {
  readonly path: string;
  readonly limits: StoreLimits;
}

/** An error in transit between threads. */
export interface Fault {
  readonly message: string;
  readonly reason: string;
  readonly status: StatusName;
}

/** The thread's answers: one when it has opened the file, then one for each group and one for each task, each in order. */
export type WorkerReply =
  | { readonly kind: 'opened' }
  | { readonly kind: 'refused'; readonly fault: Fault }
  | { readonly kind: 'committed'; readonly results: readonly unknown[] }
  | { readonly kind: 'failed'; readonly fault: Fault }
  | { readonly kind: 'done' }
  | { readonly kind: 'notDone'; readonly fault: Fault };
