import type { Metadata } from '@grpc/grpc-js';
import type { Caller } from '../rights/decide.ts';
import { identityOf, NoIdentity } from '../rights/identity.ts';

/** Of calls that came from pages (caller-header.ts). */
export const callerHeader = 'weir-caller';

export function callerInMetadata(metadata: Metadata): Caller {
  const uris = metadata.get(callerHeader).map(String);
  if (uris.length === 0) return { unknown: 'it shows no certificate of Weir' };
  try {
    return { identity: identityOf(uris) };
  } catch (error) {
    if (error instanceof NoIdentity) return { unknown: error.message };
    throw error;
  }
}
