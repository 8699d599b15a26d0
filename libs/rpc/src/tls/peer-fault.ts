import { FailedPrecondition, PermissionDenied, Unauthenticated, Unavailable } from '@weir/base';

/** Why a peer cannot be reached, or refuses. */
export type PeerFaultCause =
  | 'authority'
  | 'name'
  | 'expired'
  | 'not_yet_valid'
  | 'revoked'
  | 'plaintext'
  | 'not_accepted'
  | 'host_not_found'
  | 'refused'
  | 'unreachable'
  | 'silent'
  | 'failing'
  | 'no_identity'
  | 'no_right'
  | 'device_twice';

export interface PeerFault {
  readonly cause: PeerFaultCause;
  /** What is wrong and what would help. */
  readonly text: string;
  /** Waiting does not help: somebody must change a file, a name or a clock. */
  readonly lasting: boolean;
  /** It cannot be that the peer is only restarting. */
  readonly certain: boolean;
}

/** Of each cause: how its message looks, first match first, and what to say. */
const causes: readonly (readonly [cause: PeerFaultCause, pattern: RegExp, text: string])[] = [
  ['revoked', /certificate revoked|CERT_REVOKED/i, 'its certificate is revoked'],
  [
    'expired',
    /certificate has expired|CERT_HAS_EXPIRED|alert certificate expired/i,
    'the certificate has expired; weir pki renew makes a new one',
  ],
  [
    'expired',
    /CRL has expired|CRL_HAS_EXPIRED/i,
    'the list of revoked certificates (--tls-crl) has expired; get a new one',
  ],
  [
    'not_yet_valid',
    /certificate is not yet valid|CERT_NOT_YET_VALID/i,
    'its certificate is not valid yet; are the clocks right?',
  ],
  [
    'name',
    /does not match certificate|ERR_TLS_CERT_ALTNAME/i,
    'its certificate does not hold the name or address that it was called by; issue one with it (weir pki issue --dns, --ip)',
  ],
  ['name', /not the certificate of node/, 'its certificate is not that of the worker that it is listed as'],
  [
    'authority',
    /unable to get certificate CRL|UNABLE_TO_GET_CRL/i,
    'the list of revoked certificates (--tls-crl) is not of its authority',
  ],
  [
    'authority',
    /unable to (verify the first|get (local )?issuer)|self[- ]signed|UNABLE_TO_(VERIFY|GET_ISSUER)|DEPTH_ZERO|SELF_SIGNED|alert unknown ca|certificate signature failure/i,
    'its certificate comes from an authority that is not in --tls-ca',
  ],
  [
    'plaintext',
    /wrong version number|packet length too long|http request|unexpected message/i,
    'it speaks plain text, and TLS was asked for',
  ],
  [
    'not_accepted',
    /alert (certificate|bad certificate|unsupported certificate|handshake failure|access denied|number 4[0-9]|number 116)|certificate required|socket disconnected before secure|Last error: Failed to connect|ECONNRESET|socket hang up/i,
    'it closes the connection at once: it may want TLS, or another certificate than this one; its log says which',
  ],
  ['host_not_found', /Name resolution failed|ENOTFOUND|EAI_AGAIN/i, 'its host name is not known'],
  [
    'silent',
    /ETIMEDOUT|keepalive|no answer within/i,
    'it does not answer: it hangs, or the link to it is cut',
  ],
  ['refused', /ECONNREFUSED/i, 'nobody listens at its address'],
  [
    'unreachable',
    /E(HOST|NET)(UNREACH|DOWN)|ENONET/i,
    'its machine cannot be reached: is the address right, and the network up?',
  ],
];

/** Going away by themselves: a peer that restarts, a name that is being made. */
const passing: readonly PeerFaultCause[] = ['host_not_found', 'silent', 'refused', 'unreachable'];

/** For a peer that has not answered for `ms`. */
export const noAnswer = (ms: number): Unavailable => new Unavailable(`${noAnswerText} ${ms / 1_000} s`);
const noAnswerText = 'no answer within';

/** Whether a peer that was reached says it, in words of its own. */
export const isRefusal = (error: unknown): boolean => refusalOf(error) !== undefined;

function refusalOf(error: unknown): PeerFaultCause | undefined {
  if (error instanceof Unauthenticated) return 'no_identity';
  if (error instanceof PermissionDenied) return 'no_right';
  return error instanceof FailedPrecondition && error.reason === 'DEVICE_TWICE' ? 'device_twice' : undefined;
}

/** The one place that says what an error of a connection means; undefined when it means something else. */
export function peerFaultOf(error: unknown): PeerFault | undefined {
  const refusal = refusalOf(error);
  if (refusal) return { cause: refusal, text: (error as Error).message, lasting: true, certain: true };
  const words = wordsOf(error);
  const known = causes.find(([, pattern]) => pattern.test(words));
  if (!known) return undefined;
  const [cause, , text] = known;
  const lasting = !passing.includes(cause);
  return {
    cause,
    text,
    lasting,
    certain: (lasting && cause !== 'not_accepted') || words.includes(noAnswerText),
  };
}

/** Messages and codes of an error and its causes. */
function wordsOf(error: unknown): string {
  const words: string[] = [];
  for (let one = error, depth = 0; one !== undefined && one !== null && depth < 5; depth++) {
    if (typeof one !== 'object') {
      words.push(typeof one === 'string' ? one : '');
      break;
    }
    const { message, code, details, cause } = one as Record<string, unknown>;
    for (const word of [message, code, details])
      if (typeof word === 'string') words.push(word.slice(0, 2_000));
    one = cause;
  }
  return words.join(' ');
}

/** A connection that TLS did not let happen, or ended; its message says why. */
export class TlsRefusal extends Error {
  constructor(why: 'revoked' | 'authority' | Error) {
    const text = causes.find(([cause, , text]) => cause === why && !text.includes('--tls-crl'))?.[2];
    const code = why === 'revoked' ? 'CERT_REVOKED' : 'UNABLE_TO_GET_ISSUER_CERT';
    super(why instanceof Error ? why.message : `${text} (${code})`, { cause: why });
    this.name = 'TlsRefusal';
  }

  /** The same error, its message begun by what it means. */
  static of(error: unknown): Error {
    const known = error instanceof Error ? error : new Error(String(error));
    const fault = peerFaultOf(known);
    const { code } = known as NodeJS.ErrnoException;
    if (!fault) return known;
    return new TlsRefusal(
      new Error(`${fault.text} (${[code, known.message.trim()].filter(Boolean).join(': ')})`, {
        cause: error,
      }),
    );
  }
}
