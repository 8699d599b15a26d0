import type { IncomingMessage, ServerResponse } from 'node:http';
import { cors } from '@connectrpc/connect';
import { forwardedHeaders } from './forward.ts';

type Handle = (request: IncomingMessage, response: ServerResponse) => void;

const allowedHeaders = [...cors.allowedHeaders, ...forwardedHeaders].join(', ');
const exposedHeaders = cors.exposedHeaders.join(', ');
/** How long a browser may remember what is allowed, s: two hours, the most that Chromium does. */
const maxAgeS = 7_200;

/**
 * Lets pages of these origins ask, and answers their browsers' preflights. A request of any other origin gets 403 and
 * reaches nobody, whatever its browser would have let its page see. One without an origin comes from no page.
 */
export function fromOrigins(origins: readonly string[], handle: Handle): Handle {
  const allowed = new Set(origins);
  return (request, response) => {
    const { origin } = request.headers;
    if (origin === undefined) return handle(request, response);
    response.setHeader('Vary', 'Origin');
    if (!allowed.has(origin)) {
      response.writeHead(403, { 'Content-Type': 'text/plain' });
      response.end('pages of this origin may not ask here: name it in --web-origins\n');
      return;
    }
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Expose-Headers', exposedHeaders);
    if (request.method !== 'OPTIONS') return handle(request, response);
    response.writeHead(204, {
      'Access-Control-Allow-Methods': 'POST',
      'Access-Control-Allow-Headers': allowedHeaders,
      'Access-Control-Max-Age': String(maxAgeS),
      // A page of the Internet asks for this machine.
      ...(request.headers['access-control-request-private-network'] === 'true' && {
        'Access-Control-Allow-Private-Network': 'true',
      }),
    });
    response.end();
  };
}
