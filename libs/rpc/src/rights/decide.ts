import { PermissionDenied, Unauthenticated, type WeirError } from '@weir/base';
import { type Identity, identityText, type Role, roles } from './identity.ts';
import type { Subject } from './subjects.ts';
import type { Reach, Rights } from './table.ts';

/** Who calls: an identity, or why there is none. */
export type Caller = { readonly identity: Identity } | { readonly unknown: string };

/** How far the caller's right to an RPC reaches, whatever the call is about; an error when it has none. */
export function reachOf(caller: Caller, rpc: string, rights: Rights | undefined): Reach | WeirError {
  if ('identity' in caller) {
    const reach = rights?.[caller.identity.role];
    return reach ?? denied(caller.identity, rpc, rights);
  }
  return rights?.anonymous ?? unauthenticated(caller.unknown, rpc, rights);
}

/** Whether what a call is about is within reach. */
export function isWithin(reach: Reach, { role, name, cellId }: Identity, subject: Subject): boolean {
  if (reach === 'any') return true;
  if (cellId !== undefined && subject.cellId !== cellId && !subject.everyCell) return false;
  if (reach === 'cell') return true;
  const own = role === 'device' ? subject.deviceId : role === 'node' ? subject.nodeId : undefined;
  return own === name || (reach === 'nodes' && subject.nodeId !== undefined);
}

/** True when no call of this RPC can be out of reach, so that its messages need no look. */
export const isWithinAlways = (reach: Reach, { cellId }: Identity): boolean =>
  reach === 'any' || (reach === 'cell' && cellId === undefined);

/** Says who asked for what, and which right would do. */
export function denied(
  identity: Identity,
  rpc: string,
  rights: Rights | undefined,
  subject?: Subject,
): PermissionDenied {
  const about = subject && subjectText(subject);
  const needs = neededFor(rights, subject);
  return new PermissionDenied(
    `${identityText(identity)} may not call ${rpc}${about ? ` for ${about}` : ''}: ${needs}`,
    {
      reason: 'NO_RIGHT',
      info: { caller: identity.uri, rpc, needs, ...(about && { subject: about }) },
    },
  );
}

function unauthenticated(why: string, rpc: string, rights: Rights | undefined): Unauthenticated {
  const needs = neededFor(rights);
  const expected = 'expected exactly one URI such as spiffe://DOMAIN/weir/cell/CELL/device/ID';
  return new Unauthenticated(`nobody knows who calls ${rpc}: ${why} (${expected}); ${needs}`, {
    reason: 'NO_IDENTITY',
    info: { rpc, needs },
  });
}

/** Which right would do, in words. */
function neededFor(rights: Rights = {}, subject?: Subject): string {
  const one = subject?.cellId ? ` of ${shown(subject.cellId)} or` : '';
  const where = subject ? `${one} of all cells` : '';
  const needed = (roles as readonly Role[]).flatMap((role) => {
    const reach = rights[role];
    if (reach === undefined) return [];
    if (reach === 'own') return ownOf(role, subject);
    return [role === 'operator' ? `an operator${where}` : `a ${role}`];
  });
  return needed.length > 0 ? `that takes ${needed.join(', or ')}` : 'nobody may';
}

/** Nobody where the subject is none of the role's. */
function ownOf(role: Role, subject: Subject | undefined): string[] {
  const id = role === 'device' ? subject?.deviceId : subject?.nodeId;
  if (id !== undefined) return [`the ${role} ${shown(id)} itself`];
  return subject ? [] : [`the ${role} itself`];
}

const subjectText = ({ cellId, deviceId, nodeId }: Subject): string => {
  const id = deviceId ?? nodeId;
  const cell = cellId === '' ? 'every cell' : `cell ${shown(cellId)}`;
  return id === undefined ? cell : `${deviceId === undefined ? 'node' : 'device'} ${shown(id)} of ${cell}`;
};

/** Ids come from the caller: short, and nothing but characters that any header and log takes. */
const shown = (id: string): string => (/^[\w.:-]{1,128}$/.test(id) ? id : JSON.stringify(ascii(id)));
const ascii = (text: string) => text.slice(0, 64).replace(/[^ -~]/g, '?');
