import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { callerBehind } from '@weir/rpc';

/** How long a login holds, s. */
const holdsS = 12 * 3_600;
/** Shorter tokens could be guessed. */
export const leastTokenLength = 16;
const cookieName = 'weir_console';

/** Who may see the page: holders of the token, once they have logged in, or operators by their certificates. */
export interface Login {
  /** Whether the request comes from one. `now`: epoch ms. */
  allows(request: IncomingMessage, now: number): boolean;
  /** The one cell that who asks may see; undefined: any. */
  cellOf(request: IncomingMessage): string | undefined;
  /** The cookie of who knows the token; undefined for a wrong one. */
  enter(token: string, now: number): string | undefined;
}

/** `secure`: the page is served over TLS, and the cookie goes nowhere else. */
export function tokenLogin(token: string, { secure }: { secure: boolean }): Login {
  // Of this process: a restart ends every login.
  const key = randomBytes(32);
  const digest = (text: string) => createHmac('sha256', key).update(text).digest();
  const known = digest(token);
  const seal = (expiresAt: string) => digest(`login ${expiresAt}`).toString('hex');
  return {
    allows(request, now) {
      const [expiresAt = '', given = ''] = cookieOf(request).split('.');
      return Number(expiresAt) > now && timingSafeEqual(digest(given), digest(seal(expiresAt)));
    },
    cellOf: () => undefined,
    enter(offered, now) {
      // Of equal length whatever was offered.
      if (!timingSafeEqual(digest(offered), known)) return undefined;
      const expiresAt = String(Math.round(now + holdsS * 1_000));
      const attributes = [
        'HttpOnly',
        'SameSite=Strict',
        'Path=/',
        `Max-Age=${holdsS}`,
        ...(secure ? ['Secure'] : []),
      ];
      return [`${cookieName}=${expiresAt}.${seal(expiresAt)}`, ...attributes].join('; ');
    },
  };
}

/** Operators of all cells, and of one where that is shown. `only`: the one cell that there is; undefined: any. */
export const operatorLogin = (only: string | undefined): Login => ({
  allows({ socket }) {
    const operator = operatorBehind(socket);
    if (!operator) return false;
    return only === undefined || operator.cellId === undefined || operator.cellId === only;
  },
  cellOf: ({ socket }) => operatorBehind(socket)?.cellId,
  enter: () => undefined,
});

function operatorBehind(socket: unknown) {
  const caller = callerBehind(socket);
  return 'identity' in caller && caller.identity.role === 'operator' ? caller.identity : undefined;
}

function cookieOf({ headers }: IncomingMessage): string {
  const found = headers.cookie
    ?.split(';')
    .map((one) => one.trim())
    .find((one) => one.startsWith(`${cookieName}=`));
  return found?.slice(cookieName.length + 1) ?? '';
}

/** Needs no asset; its form goes to this console alone. */
export const loginPage = (wrong: boolean): string => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Weir</title>
<form method="post" action="/login">
<p>${wrong ? 'That is not the token. ' : ''}This console asks for its token (<code>--token-file</code>).</p>
<label>Token <input type="password" name="token" autocomplete="current-password" autofocus required></label>
<button>Log in</button>
</form></html>
`;
