import { z } from 'zod';
import type { NatsServers } from './connection.ts';

/** Flags that name servers of NATS and what they ask for. */
export const natsFlags = {
  store: z
    .array(z.string().regex(/^(nats|tls):\/\/[^/?#@]+:\d+$/, 'expected nats://HOST:PORT or tls://HOST:PORT'))
    .min(1, 'expected at least one server')
    .optional()
    .describe(
      'Servers of a NATS JetStream cluster that keeps what is learned instead of --data, comma-separated: nats://HOST:PORT, or tls://HOST:PORT.',
    ),
  storeCredentials: z.string().optional().describe('File of the credentials for --store (.creds).'),
  storeTlsCa: z
    .string()
    .optional()
    .describe('File of the authorities that the certificates of --store must come from, PEM.'),
  storeTlsCert: z.string().optional().describe('File of the certificate to show to --store, PEM.'),
  storeTlsKey: z.string().optional().describe('File of its private key, PEM.'),
};

export type NatsFlags = z.infer<z.ZodObject<typeof natsFlags>>;

/** Undefined without `--store`. */
export function natsServersOf({
  store: servers,
  storeCredentials: credentials,
  storeTlsCa: ca,
  storeTlsCert: cert,
  storeTlsKey: key,
}: NatsFlags): NatsServers | undefined {
  return servers && { servers, credentials, tls: { ca, cert, key } };
}

const ofStore = ['storeCredentials', 'storeTlsCa', 'storeTlsCert', 'storeTlsKey'] as const;

/** What is wrong with them together; for `superRefine`. */
export function checkNatsFlags(config: NatsFlags, context: z.RefinementCtx): void {
  const wrong = (flag: keyof NatsFlags, message: string) =>
    context.addIssue({ code: 'custom', path: [flag], message });
  if (config.store === undefined && ofStore.some((flag) => config[flag] !== undefined))
    wrong('store', 'must be given where other flags of it are');
  if ((config.storeTlsCert === undefined) !== (config.storeTlsKey === undefined))
    wrong('storeTlsKey', 'must be given with --store-tls-cert, and not without');
}
