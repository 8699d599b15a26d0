import { silentLogger } from '@weir/base';
import { nkeys } from '@nats-io/transport-node';
import { type NatsStoreOptions, openNatsStore } from '@weir/storage';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type Authority, createAuthority } from '../../libs/rpc/src/certificates.fixture.ts';
import { type NatsServer, natsServer } from './nats-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'weir-nats-access-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Opens a store, looks at it, and closes it. */
async function use(server: NatsServer, options: Partial<NatsStoreOptions> = {}): Promise<void> {
  await using store = await openNatsStore({ servers: [server.url], ...options });
  expect(await store.cells()).toEqual([]);
}
const refused = (cure: RegExp) => ({
  status: 'FAILED_PRECONDITION',
  reason: 'STORE_REFUSED',
  message: expect.stringMatching(cure) as string,
});

/** An operator, its accounts and a user, as `nsc` would make them. */
function operator() {
  const [own, account, system] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()];
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const token = (issuer: nkeys.KeyPair, subject: nkeys.KeyPair, nats: object) => {
    const claims = {
      jti: 'none',
      iat: 1,
      iss: issuer.getPublicKey(),
      sub: subject.getPublicKey(),
      name: 'weir',
      nats,
    };
    const signed = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part(claims)}`;
    return `${signed}.${Buffer.from(issuer.sign(Buffer.from(signed))).toString('base64url')}`;
  };
  const names = [
    'subs',
    'data',
    'payload',
    'imports',
    'exports',
    'conn',
    'leaf',
    'mem_storage',
    'disk_storage',
    'streams',
    'consumer',
  ];
  const unlimited = { ...Object.fromEntries(names.map((name) => [name, -1])), wildcards: true };
  const ofAccount = (subject: nkeys.KeyPair, limits: object) =>
    token(own, subject, { type: 'account', version: 2, limits });
  const {
    mem_storage: _,
    disk_storage: __,
    streams: ___,
    consumer: ____,
    ...plain
  } = unlimited as Record<string, unknown>;
  return {
    config: `operator: ${token(own, own, { type: 'operator', version: 2 })}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload {
  ${account.getPublicKey()}: ${ofAccount(account, unlimited)}
  ${system.getPublicKey()}: ${ofAccount(system, plain)}
}`,
    /** Writes the credentials of a new user. */
    credentials(name: string): string {
      const user = nkeys.createUser();
      const jwt = token(account, user, { type: 'user', version: 2, subs: -1, data: -1, payload: -1 });
      const file = join(folder, `${name}.creds`);
      writeFileSync(
        file,
        `-----BEGIN NATS USER JWT-----\n${jwt}\n------END NATS USER JWT------\n\n` +
          `-----BEGIN USER NKEY SEED-----\n${Buffer.from(user.getSeed()).toString()}\n------END USER NKEY SEED------\n`,
      );
      return file;
    },
  };
}

describe('a store on NATS that asks who comes', () => {
  it('lets in who has its credentials, and refuses others with the cure', async () => {
    const [its, another] = [operator(), operator()];
    await using server = await natsServer(its.config);
    await use(server, { credentials: its.credentials('its') });
    for (const options of [{}, { credentials: another.credentials('another') }])
      await expect(use(server, options)).rejects.toMatchObject(refused(/--store-credentials/));
    await expect(use(server, { credentials: join(folder, 'none') })).rejects.toMatchObject(
      refused(/none cannot be read.*--store-credentials/),
    );
  });

  it('is taken for failed once it lets nobody in any more', async () => {
    const config = (password: string) => `authorization { user: weir, password: ${password} }`;
    await using server = await natsServer();
    await using store = await openNatsStore({ servers: [server.url] });
    await server.kill();
    await server.start(config('secret'));
    await expect.poll(() => store.failed.aborted, { timeout: 20_000 }).toBe(true);
    await expect(store.cells()).rejects.toThrow(/lets nobody in/);
  });
});

describe('a store on NATS with TLS', () => {
  const files = ({ ca, issue }: Authority, name: string) => ({ ca, ...issue(name) });

  it('lets in who shows a certificate that it knows, and is refused when its own is not known', async () => {
    using its = createAuthority();
    using another = createAuthority('another');
    const { cert, key } = its.issue('localhost');
    await using server = await natsServer(
      `tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${its.ca}", verify: true }`,
    );
    await use(server, { tls: files(its, 'policy') });
    await expect(use(server, { tls: files(another, 'policy') })).rejects.toMatchObject(
      refused(/--store-tls-ca/),
    );
    await expect(use(server)).rejects.toMatchObject(refused(/--store-tls-ca/));
    const told = Promise.withResolvers<string>();
    const logger = { ...silentLogger, error: (_: object, message: string) => told.resolve(message) };
    const stop = new AbortController();
    const waiting = use(server, { tls: { ca: its.ca }, logger, signal: stop.signal });
    expect(await told.promise).toMatch(/timeout, or no certificate that it takes \(--store-tls-cert\)/);
    stop.abort(new Error('stopped'));
    await expect(waiting).rejects.toThrow('stopped');
  });
});
