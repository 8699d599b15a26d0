import type { Metadata } from '@grpc/grpc-js';
import { callerOf } from './rights/caller.ts';
import type { Role } from './rights/identity.ts';
import { isLoopback } from './transport-security.ts';
import { callerInMetadata } from './web/caller-in-metadata.ts';

/** Who makes a call, as far as places, and turns, go. */
export interface CallCaller {
  /** The URI of its certificate; without one its host, and on loopback, which all have in common, its connection. */
  readonly id: string;
  /** `HOST:PORT`. */
  readonly connection: string;
  /** Of its certificate. */
  readonly role?: Role | undefined;
}

/** Whether a caller is to find a place whatever others hold. */
export const isSteering = ({ role }: CallCaller): boolean => role === 'operator' || role === 'console';

/** `call`: what grpc-js hands to a handler. */
export function callCallerOf(call: {
  readonly getPeer: () => string;
  readonly metadata: Metadata;
}): CallCaller {
  const connection = call.getPeer();
  const bare = innermost(call);
  // Pages come through a socket of this process's own, which tells no address.
  const caller = connection === 'unknown' ? callerInMetadata(call.metadata) : callerOf(bare);
  if ('identity' in caller) return { id: caller.identity.uri, connection, role: caller.identity.role };
  // A server of both kinds of addresses writes those of IPv4 so.
  const host = hostOf(connection).replace(/^::ffff:/, '');
  return { id: isLoopback(`${host}:0`) ? connection : host, connection };
}

/** Without what interceptors have put around it. grpc-js (1.14.7) has no public way from a handler's call to its connection. */
function innermost(call: object): object {
  let inner = (call as { call?: object }).call ?? call;
  while ('nextCall' in inner) inner = inner.nextCall as object;
  return inner;
}

const hostOf = (peer: string): string => peer.slice(0, Math.max(0, peer.lastIndexOf(':'))) || peer;
