import { type Registered, subjectText } from '@weir/pki';

/** A certificate for `--json`. */
export const certificateDocument = ({ event: _, ...registered }: Registered) => registered;

/** Whole days from `now` (epoch ms) until then, in words. */
export function daysUntil(at: string, now: number): string {
  const days = (Date.parse(at) - now) / 86_400_000;
  if (days < 0) return 'expired';
  return days < 2 ? `${Math.floor(days * 24)} h` : `${Math.floor(days)} d`;
}

/** For a line: whom it is for, and until when it holds. */
export const certificateLine = (certificate: Registered, now: number): string =>
  `${subjectText(certificate)}: certificate ${certificate.serial}, ${daysUntil(certificate.notAfter, now)}`;

export type CertificateState = 'valid' | 'due' | 'expired' | 'revoked';

/** `due`: a third of its life or less is left. `now`: epoch ms. */
export function stateOf({ notBefore, notAfter, revokedAt }: Registered, now: number): CertificateState {
  if (revokedAt !== undefined) return 'revoked';
  const [from, until] = [Date.parse(notBefore), Date.parse(notAfter)];
  if (until <= now) return 'expired';
  return until - now <= (until - from) / 3 ? 'due' : 'valid';
}
