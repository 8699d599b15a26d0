import { type ContextValues, createContextKey, createContextValues } from '@connectrpc/connect';
import { callerBehind } from '../rights/caller.ts';
import type { Caller } from '../rights/decide.ts';
import { callerHeader } from './caller-in-metadata.ts';

/*
 * Pages reach the gRPC server through a socket that nobody else can open. The identity of their certificate goes with each
 * call in a header, which is never taken from the page.
 */

const callerKey = createContextKey<Caller>({ unknown: 'its connection is not secured' });
const callers = new WeakMap<object, Caller>();

/** For the calls of one connection. */
export function callerValues(socket: object): ContextValues {
  let caller = callers.get(socket);
  if (!caller) callers.set(socket, (caller = callerBehind(socket)));
  return createContextValues().set(callerKey, caller);
}

export function addCaller(headers: Headers, values: ContextValues): void {
  const caller = values.get(callerKey);
  if ('identity' in caller) headers.set(callerHeader, caller.identity.uri);
}
