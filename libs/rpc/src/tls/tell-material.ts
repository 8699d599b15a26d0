import type { Meter } from '@opentelemetry/api';
import { type Clock, type Logger, systemClock } from '@weir/base';
import { X509Certificate } from 'node:crypto';
import type { TlsContents } from './files.ts';
import { onMaterial } from './material.ts';

const dayMs = 86_400_000;
const lookMs = 60_000;
/** From here on an own certificate's end is warned of, as a share of its life. */
const warnAtShare = 1 / 3;

/** A certificate of this process. */
export interface OwnCertificate {
  /** Its file. */
  readonly file: string;
  /** Epoch ms. */
  readonly expiresAt: number;
  /** A third of its life or less is left. */
  readonly due: boolean;
}

export interface MaterialTeller extends Disposable {
  /** Own certificates in use. */
  readonly certificates: readonly OwnCertificate[];
}

/**
 * Tells of the certificates of this process until disposed: what was reloaded, what could not be, and when one is about to
 * expire (once a third of its life is left, then daily); and measures the time that is left.
 */
export function tellMaterial({
  logger,
  meter,
  clock = systemClock,
}: {
  logger: Logger;
  meter?: Meter | undefined;
  clock?: Clock | undefined;
}): MaterialTeller {
  const own = new Map<string, { certificate: X509Certificate; warnedAt: number }>();
  const keep = (file: string | undefined, { cert }: TlsContents) => {
    if (file === undefined || cert === undefined) return;
    const certificate = new X509Certificate(cert);
    if (own.get(file)?.certificate.fingerprint256 === certificate.fingerprint256) return;
    own.set(file, { certificate, warnedAt: -Infinity });
    warn();
  };
  const warn = () => {
    const now = clock.now();
    for (const [file, one] of own) {
      const { validToDate } = one.certificate;
      if (!isDue(one.certificate, now) || now - one.warnedAt < dayMs) continue;
      const leftMs = validToDate.getTime() - now;
      one.warnedAt = now;
      const fields = {
        file,
        expiresAt: validToDate.toISOString(),
        hoursLeft: Math.floor(leftMs / 3_600_000),
      };
      logger.warn(
        fields,
        leftMs > 0
          ? 'certificate expires soon; replace the file (weir pki renew), no restart is needed'
          : 'certificate has expired: others refuse this process; replace the file (weir pki renew)',
      );
    }
  };
  const stopHearing = onMaterial((event) => {
    const { files } = event;
    if (event.kind === 'loaded') keep(files.cert, event.contents);
    else if (event.kind === 'reloaded') {
      logger.info({ ...files }, 'certificates reloaded');
      keep(files.cert, event.contents);
    } else if (event.kind === 'kept')
      logger.warn(
        { ...files, why: event.error.message },
        'unusable TLS files: those read before stay in use',
      );
    else if (files.cert !== undefined) own.delete(files.cert);
  });
  const stopLooking = clock.every(lookMs, warn);
  const left = meter?.createObservableGauge('weir.tls.certificate.expiry', {
    unit: 's',
    description: 'Time until an own certificate expires; negative once it has.',
  });
  left?.addCallback((result) => {
    for (const [file, { certificate }] of own)
      result.observe((certificate.validToDate.getTime() - clock.now()) / 1_000, { 'weir.file': file });
  });
  return {
    get certificates() {
      return [...own].map(([file, { certificate }]) => ({
        file,
        expiresAt: certificate.validToDate.getTime(),
        due: isDue(certificate, clock.now()),
      }));
    },
    [Symbol.dispose]() {
      stopHearing();
      stopLooking();
    },
  };
}

const isDue = ({ validFromDate, validToDate }: X509Certificate, now: number): boolean =>
  validToDate.getTime() - now <= warnAtShare * (validToDate.getTime() - validFromDate.getTime());
