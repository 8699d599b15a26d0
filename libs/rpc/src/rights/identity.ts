/** Who may call. Services are roles of their own. */
export const roles = ['device', 'node', 'operator', 'policy', 'telemetry', 'console'] as const;
export type Role = (typeof roles)[number];

/** What a certificate says that its holder is. */
export interface Identity {
  /** As in the certificate, e.g. `spiffe://weir/weir/cell/cell-1/device/camera-7`. */
  readonly uri: string;
  readonly trustDomain: string;
  readonly role: Role;
  /** Its id in its cell; of a service, the role. */
  readonly name: string;
  /** The only cell that it has to do with; undefined: all. */
  readonly cellId: string | undefined;
}

/** Thrown by `identityOf`: says what is wrong with a certificate's names. */
export class NoIdentity extends Error {}

/** The one identity among the URIs of a certificate. Throws NoIdentity unless there is exactly one, and it is well-formed. */
export function identityOf(uris: readonly string[]): Identity {
  const own = uris.filter((uri) => /^spiffe:\/\/[^/]*\/weir(\/|$)/i.test(uri));
  const [uri] = own;
  if (uri === undefined) throw new NoIdentity('its certificate names no identity of Weir');
  if (own.length > 1) throw new NoIdentity(`its certificate names ${own.length} identities of Weir`);
  const identity = parse(uri);
  if (!identity) throw new NoIdentity(`its certificate's ${cut(uri)} is no identity of Weir`);
  return identity;
}

/** For people, e.g. `device camera-7 of cell-1`. */
export const identityText = ({ role, name, cellId }: Identity): string =>
  `${name === role ? role : `${role} ${name}`}${cellId === undefined ? '' : ` of ${cellId}`}`;

const path =
  /^spiffe:\/\/([a-z0-9._-]{1,255})\/weir(?:\/cell\/([^/]+))?\/(device|node|operator|service)\/([^/]+)$/;
const id = /^[\w.:-]{1,128}$/;

/** Undefined for whatever is not exactly one of the forms. */
function parse(uri: string): Identity | undefined {
  const [, trustDomain, cell, kind, last] = path.exec(uri) ?? [];
  const name = decoded(last);
  const cellId = decoded(cell);
  if (trustDomain === undefined || name === undefined || (cell !== undefined && cellId === undefined))
    return undefined;
  const common = { uri, trustDomain, name, cellId };
  if (kind === 'service') return isService(name) && !cellId ? { ...common, role: name } : undefined;
  if (kind === 'operator') return { ...common, role: kind };
  return (kind === 'device' || kind === 'node') && cellId ? { ...common, role: kind } : undefined;
}

const isService = (name: string): name is Role =>
  name === 'policy' || name === 'telemetry' || name === 'console';

/** One segment of a path; undefined when what it stands for is no id. */
function decoded(segment: string | undefined): string | undefined {
  if (segment === undefined) return undefined;
  try {
    const text = decodeURIComponent(segment);
    return id.test(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

const cut = (text: string) => JSON.stringify(text.slice(0, 300));
