import { InvalidInput, type WeirError } from '@weir/base';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { callUnary } from './calls.ts';
import { createAuthority } from './certificates.fixture.ts';
import { connect, type ConnectOptions } from './connection.ts';
import { ping, startEcho } from './echo.fixture.ts';
import { isLoopback, serverCredentials, type TlsFiles } from './transport-security.ts';

const authority = createAuthority();
const stranger = createAuthority('Somebody else');
afterAll(() => {
  authority[Symbol.dispose]();
  stranger[Symbol.dispose]();
});
const { ca } = authority;
const server = authority.issue('server');
const agent = authority.issue('agent');

/** The answer's number, or the status of the failure, of one call with these files on either side. */
async function call(serverTls: TlsFiles, client: ConnectOptions): Promise<number | string> {
  await using echo = await startEcho({}, { tls: serverTls, client });
  return await callUnary(echo.client, echo.client.one, ping(1), { timeoutMs: 5_000 }).then(
    ({ sequence }) => sequence,
    (error: WeirError) => error.status,
  );
}

describe('TLS', () => {
  it('serves a client that trusts the authority', async () => {
    expect(await call(server, { tls: { ca } })).toBe(1);
  });

  it('fails for a client that trusts another authority', async () => {
    expect(await call(server, { tls: { ca: stranger.ca } })).toBe('UNAVAILABLE');
  });

  it('fails for a client that speaks plain text', async () => {
    expect(await call(server, {})).toBe('UNAVAILABLE');
  });

  it.each([
    ['127.0.0.1', false],
    ['localhost', 'localhost'],
  ])('tells a server at %s which name it was called by: %s', async (host, name) => {
    const named = Promise.withResolvers<string | false | null>();
    const files = { cert: readFileSync(server.cert!), key: readFileSync(server.key!) };
    const listener = createServer({ ...files, ALPNProtocols: ['h2'] }, ({ servername }) =>
      named.resolve(servername),
    );
    await once(listener.listen(0, host), 'listening');
    {
      await using connection = connect(`${host}:${(listener.address() as AddressInfo).port}`, {
        tls: { ca },
      });
      void connection.ready({ timeoutMs: 100 }).catch(() => {});
      expect(await named.promise).toBe(name);
    }
    listener.close();
  });

  it.each([
    ['any', undefined],
    ['the right node', { nodeId: 'edge-1', cellIds: ['hall'] }],
  ])('fails for %s at an address that its certificate does not hold', async (_what, node) => {
    const tls = authority.issue('edge', ['spiffe://weir/weir/cell/hall/node/edge-1']);
    await using echo = await startEcho({}, { listen: '127.0.0.2:0', tls, client: { tls: { ca }, node } });
    const asked = callUnary(echo.client, echo.client.one, ping(1), { timeoutMs: 5_000 });
    await expect(asked).rejects.toThrow(/127\.0\.0\.2 is not in the cert's list/);
  });

  it.each([
    ['the node that it must be', 'cell/hall/node/edge-1', 1],
    ['one for every cell', 'cell/all/node/edge-1', 1],
    ['another node', 'cell/hall/node/edge-2', 'UNAVAILABLE'],
    ['that node of another cell', 'cell/yard/node/edge-1', 'UNAVAILABLE'],
    ['a device of that name', 'cell/hall/device/edge-1', 'UNAVAILABLE'],
    ['Telemetry', 'service/telemetry', 'UNAVAILABLE'],
    ['nobody', undefined, 'UNAVAILABLE'],
  ])('of a server that must be a certain node: it is %s', async (_what, path, answer) => {
    const shown = authority.issue('shown', path === undefined ? [] : [`spiffe://weir/weir/${path}`]);
    const node = { nodeId: 'edge-1', cellIds: ['hall', 'all'] };
    expect(await call(shown, { tls: { ca }, node })).toBe(answer);
  });

  it('allows listening off loopback', () => {
    expect(serverCredentials('0.0.0.0:0', { tls: server }).credentials._isSecure()).toBe(true);
  });
});

describe('mutual TLS', () => {
  it('serves a client with a certificate of the authority', async () => {
    expect(await call({ ...server, ca }, { tls: { ...agent, ca } })).toBe(1);
  });

  it.each([
    ['without a certificate', {}],
    ['with a certificate of another authority', stranger.issue('stranger')],
  ])('turns away a client %s', async (_what, files) => {
    expect(await call({ ...server, ca }, { tls: { ca, ...files } })).toBe('UNAVAILABLE');
  });
});

describe('TLS files', () => {
  const missing = join(ca, '..', 'missing.pem');
  const garbage = join(ca, '..', 'garbage.pem');
  writeFileSync(garbage, 'no certificate');

  it.each<[string, TlsFiles, string[]]>([
    ['a certificate without its key', { cert: server.cert }, ['tlsKey']],
    ['a key without its certificate', { key: server.key }, ['tlsCert']],
    ['an authority alone, on a server', { ca }, ['tlsCert', 'tlsKey']],
    [
      'files that are not there',
      { cert: missing, key: missing, ca: missing },
      ['tlsCert', 'tlsKey', 'tlsCa'],
    ],
  ])('refuses %s, naming every fault', (_what, tls, fields) => {
    const refused = expect(() => serverCredentials('127.0.0.1:0', { tls }));
    refused.toThrow(InvalidInput);
    refused.toThrow(
      expect.objectContaining({
        violations: fields.map((field) => expect.objectContaining({ field }) as object),
      }) as Error,
    );
  });

  it('refuses a file that holds no certificate', async () => {
    await expect(call({ cert: garbage, key: server.key }, { tls: { ca } })).rejects.toThrow(InvalidInput);
  });
});

describe('loopback', () => {
  it.each(['127.0.0.1:1', '127.1.2.3:1', 'localhost:1', '[::1]:1', 'unix:/tmp/weir.sock'])(
    'is %s',
    (address) => {
      expect(isLoopback(address)).toBe(true);
    },
  );
  it.each([
    '0.0.0.0:1',
    '[::]:1',
    '10.0.0.1:1',
    'example.org:1',
    '127.0.0.1.example.org:1',
    'localhost.evil:1',
  ])('is not %s', (address) => {
    expect(isLoopback(address)).toBe(false);
  });
});
