import { type ContextValues, createContextKey, createContextValues } from '@connectrpc/connect';
import type { Metadata } from '@grpc/grpc-js';
import { callerBehind } from '../rights/caller.ts';
import type { Caller } from '../rights/decide.ts';
import { identityOf, NoIdentity } from '../rights/identity.ts';

/*
 * Pages reach the gRPC server through a socket that nobody else can open. The identity of their certificate goes with each
 * call in a header, which is never taken from the page.
 */

const header = 'weir-caller';
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
  if ('identity' in caller) headers.set(header, caller.identity.uri);
}

export function callerInMetadata(metadata: Metadata): Caller {
  const uris = metadata.get(header).map(String);
  if (uris.length === 0) return { unknown: 'it shows no certificate of Weir' };
  try {
    return { identity: identityOf(uris) };
  } catch (error) {
    if (error instanceof NoIdentity) return { unknown: error.message };
    throw error;
  }
}
