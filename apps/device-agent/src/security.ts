import { InvalidInput } from '@weir/base';
import type { Security } from '@weir/rpc';
import type { Config } from './config.ts';

/** Of this agent's connections to policy, telemetry and targets. */
export const securityOf = ({ tlsCert, tlsKey, tlsCa, tlsCrl, allowPlaintext }: Config): Security => ({
  tls: { cert: tlsCert, key: tlsKey, ca: tlsCa, crl: tlsCrl },
  allowPlaintext,
});

/** Of the ports that applications and pages use, which has nothing to do with the above. */
export const ownSecurityOf = ({
  listenTlsCert,
  listenTlsKey,
  listenTlsCa,
  listenTlsCrl,
  allowPlaintext,
}: Config): Security => ({
  tls: { cert: listenTlsCert, key: listenTlsKey, ca: listenTlsCa, crl: listenTlsCrl },
  allowPlaintext,
});

/** Faults of files of one's own port are those of its flags. */
export function asOwnFlags(error: unknown): never {
  if (!(error instanceof InvalidInput)) throw error;
  const violations = error.violations.map(({ field, description }) => ({
    field: field.replace(/^tls(?=Cert|Key|Ca|Crl)/, 'listenTls'),
    description: description.replaceAll('--tls-', '--listen-tls-'),
  }));
  throw new InvalidInput(violations, { reason: error.reason, cause: error });
}
