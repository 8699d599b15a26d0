import { isLoopback } from '@weir/rpc';
import type { IncomingHttpHeaders } from 'node:http';

/** A refusal: HTTP status and a sentence. */
export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** Set by the page's own script on every request that changes something; a form or an image cannot set it. */
export const controlHeader = 'x-weir-console';

/**
 * The names of the page that listens on `address`: loopback's at its port, and `hosts`.
 * A name that another site points here (DNS rebinding) is not among them.
 */
export function allowedHosts(address: string, hosts: readonly string[]): ReadonlySet<string> {
  const port = address.slice(address.lastIndexOf(':') + 1);
  const loopback = isLoopback(address)
    ? ['127.0.0.1', 'localhost', '[::1]'].map((name) => `${name}:${port}`)
    : [];
  return new Set([address, ...loopback, ...hosts].map((host) => host.toLowerCase()));
}

/** For every request: only the page's own names, no other site's script. */
export function refuseStranger(
  headers: IncomingHttpHeaders,
  allowed: ReadonlySet<string>,
): Refusal | undefined {
  const host = headers.host?.toLowerCase() ?? '';
  if (!allowed.has(host)) return { status: 421, message: 'this console does not answer to that Host' };
  const site = headers['sec-fetch-site'];
  // Other sites may link to the page, but not embed or fetch any of it.
  const navigation = headers['sec-fetch-mode'] === 'navigate' && headers['sec-fetch-dest'] === 'document';
  if ((site === 'cross-site' || site === 'same-site') && !navigation)
    return { status: 403, message: 'requested by another site' };
  return undefined;
}

/** For requests that change something: only from the page's own script. */
export function refuseControl(headers: IncomingHttpHeaders): Refusal | undefined {
  const { origin, host } = headers;
  const own = [`http://${host}`, `https://${host}`].map((known) => known.toLowerCase());
  if (origin === undefined || !own.includes(origin.toLowerCase()))
    return { status: 403, message: 'Origin is not that of this console' };
  if (headers[controlHeader] !== '1') return { status: 403, message: `header ${controlHeader} is missing` };
  if (!/^application\/json\b/i.test(headers['content-type'] ?? ''))
    return { status: 415, message: 'expected application/json' };
  return undefined;
}

/** Sent with every response. */
export const securityHeaders: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
};
