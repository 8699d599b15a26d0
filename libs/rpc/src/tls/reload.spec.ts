import { FakeClock, type Logger, silentLogger, type WeirError } from '@weir/base';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { Authority, type Subject } from '@weir/pki';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { callUnary, openDuplex } from '../calls.ts';
import { connect } from '../connection.ts';
import { EchoClient, ping, startEcho } from '../echo.fixture.ts';
import { onMaterial, type MaterialEvent, reloadMaterial } from './material.ts';
import { peerFaultOf } from './peer-fault.ts';
import { distrustGraceMs } from './server-sessions.ts';

let folder: string;
let authority: Authority;
const at = (...parts: string[]) => join(folder, ...parts);
const tlsOf = (name: string) => ({
  cert: at(name, 'cert.pem'),
  key: at(name, 'key.pem'),
  ca: at(name, 'ca.pem'),
  crl: at(name, 'crl.pem'),
});
const local = { dns: ['localhost'], ip: ['127.0.0.1'] };
const subjects: Record<string, Subject> = {
  server: { kind: 'service', name: 'policy', ...local },
  agent: { kind: 'device', name: 'agent', cell: 'c', dns: [], ip: [] },
  other: { kind: 'device', name: 'other', cell: 'c', dns: [], ip: [] },
};
const issue = (name: string, by = authority) => by.issue(subjects[name]!, { days: 1, folder: at(name) });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'weir-reload-'));
  authority = await Authority.init(at('authority'), { trustDomain: 'example', days: 9 });
  for (const name of Object.keys(subjects)) await issue(name);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const started = (clock?: FakeClock) =>
  startEcho({}, { tls: tlsOf('server'), client: { tls: tlsOf('agent') }, ...(clock && { clock }) });
type Echo = Awaited<ReturnType<typeof started>>;
/** The files are read meanwhile: it may take more than one. */
async function pastTheGrace(clock: FakeClock, ended: Promise<unknown>) {
  let over = false;
  void ended.then(() => (over = true));
  await vi.waitFor(
    () => {
      clock.advance(distrustGraceMs);
      expect(over).toBe(true);
    },
    { timeout: 10_000 },
  );
}
/** The answer of one call on a new connection, or what is wrong with the peer. */
async function asks(echo: Echo, name = 'agent', address = echo.server.address) {
  await using connection = connect(address, { tls: tlsOf(name) });
  const client = connection.client(EchoClient);
  return await callUnary(client, client.one, ping(1), { timeoutMs: 5_000 }).then(
    ({ sequence }) => sequence,
    (error: WeirError) => peerFaultOf(error)?.cause ?? error.message,
  );
}
/** Serial of the certificate that a server shows to a new connection. */
async function shown({ server }: Echo): Promise<string> {
  const [host, port] = server.address.split(':');
  const socket = connectTls({ host, port: Number(port), rejectUnauthorized: false });
  await once(socket, 'secureConnect');
  const { serialNumber } = socket.getPeerX509Certificate()!;
  socket.destroy();
  return serialNumber.toLowerCase();
}
/** Resolves when a stream of `name` that is open ends; `error` is what its reader gets. */
function openStream(echo: Echo, name: string) {
  const connection = connect(echo.server.address, { tls: tlsOf(name) });
  const client = connection.client(EchoClient);
  const stream = openDuplex(client, client.both, {});
  const answers: number[] = [];
  const ended = (async () => {
    for await (const { sequence } of stream) answers.push(sequence);
  })().then(
    () => 'closed',
    (error: Error) => error.message,
  );
  return {
    ended,
    async echoes(sequence: number) {
      await stream.send(ping(sequence));
      await vi.waitFor(() => expect(answers).toContain(sequence), { timeout: 5_000 });
    },
    [Symbol.asyncDispose]: () => connection[Symbol.asyncDispose](),
  };
}

describe('a server whose certificate is replaced', () => {
  it('shows the new one to new connections, and goes on with the old ones', async () => {
    await using echo = await started();
    await using stream = openStream(echo, 'agent');
    await stream.echoes(1);
    const { serial } = await issue('server');
    reloadMaterial();
    expect(await shown(echo)).toBe(serial);
    await stream.echoes(2);
    expect(await asks(echo)).toBe(1);
  });

  it('reads it on SIGHUP, which ends nothing', async () => {
    await using echo = await started();
    const { serial } = await issue('server');
    process.kill(process.pid, 'SIGHUP');
    await vi.waitFor(async () => expect(await shown(echo)).toBe(serial), { timeout: 3_000 });
  });

  it('keeps the old one while certificate and key do not match, and tells so once', async () => {
    await using echo = await started();
    const events: MaterialEvent[] = [];
    const stop = onMaterial((event) => events.push(event));
    const before = await shown(echo);
    await issue('server');
    copyFileSync(at('agent', 'key.pem'), at('server', 'key.pem'));
    for (let look = 0; look < 3; look++) reloadMaterial();
    expect(await shown(echo)).toBe(before);
    expect(events.filter(({ kind }) => kind === 'kept')).toHaveLength(1);
    const { serial } = await issue('server');
    reloadMaterial();
    expect(await shown(echo)).toBe(serial);
    stop();
  });

  it.each(['', 'garbage', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'])(
    'keeps the old ones while a file holds %j',
    async (content) => {
      await using echo = await started();
      const before = await shown(echo);
      for (const file of ['cert.pem', 'ca.pem', 'crl.pem']) writeFileSync(at('server', file), content);
      reloadMaterial();
      expect(await shown(echo)).toBe(before);
      expect(await asks(echo)).toBe(1);
    },
  );
});

describe('a client whose certificate is replaced', () => {
  it('shows the new one when it connects again', async () => {
    await using echo = await started();
    expect(await asks(echo)).toBe(1);
    const [old] = authority.issued().filter(({ name }) => name === 'agent');
    // The old one is refused from now on: only the new one can have been shown.
    await using connection = connect(echo.server.address, { tls: tlsOf('agent') });
    await issue('agent');
    await authority.revoke([old!.serial]);
    reloadMaterial();
    const client = connection.client(EchoClient);
    expect(await callUnary(client, client.one, ping(7), { timeoutMs: 5_000 })).toMatchObject({ sequence: 7 });
  });
});

describe('after a revocation', () => {
  it('the client’s open connection ends within the grace, and it gets no other; the others go on', async () => {
    const clock = new FakeClock();
    await using echo = await started(clock);
    await using revoked = openStream(echo, 'agent');
    await using good = openStream(echo, 'other');
    await Promise.all([revoked.echoes(1), good.echoes(1)]);
    const { serial } = authority.issued().find(({ name }) => name === 'agent')!;
    await authority.revoke([serial]);
    reloadMaterial();
    await pastTheGrace(clock, revoked.ended);
    expect(await asks(echo, 'agent')).toBe('not_accepted');
    await good.echoes(2);
    expect(await asks(echo, 'other')).toBe(1);
  }, 20_000);

  it('clients leave a server that is revoked, also after earlier changes, and connect to it no more', async () => {
    await using echo = await started();
    await using stream = openStream(echo, 'agent');
    await stream.echoes(1);
    for (const name of ['server', 'agent']) await issue(name);
    reloadMaterial();
    await stream.echoes(2);
    const shown = authority.issued().filter(({ name }) => name === 'policy');
    await authority.revoke(shown.map(({ serial }) => serial));
    reloadMaterial();
    await stream.ended;
    expect(await asks(echo)).toBe('revoked');
  }, 20_000);

  it('an old session is not resumed', async () => {
    await using echo = await started();
    const [host, port] = echo.server.address.split(':');
    const read = (path: string) => readFileSync(path);
    const { cert, key, ca } = tlsOf('agent');
    const options = {
      host,
      port: Number(port),
      cert: read(cert),
      key: read(key),
      ca: read(ca),
      ALPNProtocols: ['h2'],
    };
    const sessions: Buffer[] = [];
    const first = connectTls(options).on('session', (session) => sessions.push(session));
    await once(first, 'secureConnect');
    await once(first, 'data');
    const session = sessions.at(-1) ?? first.getSession();
    const again: TLSSocket = connectTls({ ...options, ...(session && { session }) });
    await once(again, 'secureConnect');
    expect(again.isSessionReused()).toBe(false);
    first.destroy();
    again.destroy();
  });
});

describe('when the authority is replaced', () => {
  it('connections of the old one end, once its certificate is gone from the files', async () => {
    const clock = new FakeClock();
    await using echo = await started(clock);
    await using stream = openStream(echo, 'agent');
    await stream.echoes(1);
    const next = await Authority.init(at('next'), { trustDomain: 'example', days: 9 });
    // Both, while the fleet changes over.
    writeFileSync(at('server', 'ca.pem'), `${authority.ca}${next.ca}`);
    writeFileSync(at('server', 'crl.pem'), `${authority.crl}${next.crl}`);
    reloadMaterial();
    await stream.echoes(2);
    await issue('other', next);
    for (const name of ['server', 'other']) writeFileSync(at(name, 'ca.pem'), `${authority.ca}${next.ca}`);
    for (const name of ['server', 'other']) writeFileSync(at(name, 'crl.pem'), `${authority.crl}${next.crl}`);
    reloadMaterial();
    expect(await asks(echo, 'other')).toBe(1);
    await issue('server', next);
    reloadMaterial();
    await pastTheGrace(clock, stream.ended);
    expect(await asks(echo, 'other')).toBe(1);
  }, 20_000);
});

describe('what is wrong with a peer', () => {
  const plain = (echo: Echo) => connect(echo.server.address).client(EchoClient);

  it('is told by its cause', async () => {
    const logger: Logger = { ...silentLogger, warn: vi.fn() };
    await using echo = await startEcho({}, { tls: tlsOf('server'), logger, client: { tls: tlsOf('agent') } });
    const stranger = await Authority.init(at('stranger'), { trustDomain: 'example', days: 9 });
    await stranger.issue(subjects.agent!, { days: 1, folder: at('foreign') });
    expect(await asks(echo, 'foreign')).toBe('authority');
    // It trusts the server, which does not trust it.
    copyFileSync(at('agent', 'ca.pem'), at('foreign', 'ca.pem'));
    copyFileSync(at('agent', 'crl.pem'), at('foreign', 'crl.pem'));
    for (let i = 0; i < 3; i++) expect(await asks(echo, 'foreign')).toBe('not_accepted');
    expect(await asks(echo, 'agent', echo.server.address.replace('127.0.0.1', '[::1]'))).toBe('refused');
    expect(await asks(echo, 'agent', 'nowhere.invalid:1')).toBe('host_not_found');
    await using inPlain = await startEcho();
    expect(await asks(echo, 'agent', inPlain.server.address)).toBe('plaintext');
    const client = plain(echo);
    const error = await callUnary(client, client.one, ping(1), { timeoutMs: 5_000 }).catch((e: unknown) => e);
    expect(peerFaultOf(error)?.cause).toBe('not_accepted');
    client.close();
    await authority.issue(
      { ...subjects.server!, ip: [], dns: ['policy'] },
      { days: 1, folder: at('server') },
    );
    reloadMaterial();
    expect(await asks(echo)).toBe('name');
    // By the server: the foreign client once, for all its tries.
    const refused = vi.mocked(logger.warn).mock.calls.filter(([fields]) => 'cause' in fields);
    expect(refused.map(([fields]) => (fields as { cause: string }).cause)).toContain('authority');
    expect(refused.filter(([fields]) => (fields as { cause: string }).cause === 'authority')).toHaveLength(1);
  }, 30_000);

  it('is told when a certificate has run out, or does not hold yet', async () => {
    const times = { past: Date.now() - 3 * 86_400_000, future: Date.now() + 3 * 86_400_000 };
    for (const [cause, time] of [
      ['expired', times.past],
      ['not_yet_valid', times.future],
    ] as const) {
      const then = Authority.open(authority.folder, () => time);
      await issue('server', then);
      await using echo = await started();
      expect(await asks(echo)).toBe(cause);
    }
  }, 20_000);
});

describe('a peer whose fault stays', () => {
  it('is asked once, not every moment, until the files are read again', async () => {
    await using echo = await started();
    const stranger = await Authority.init(at('stranger'), { trustDomain: 'example', days: 9 });
    copyFileSync(at('stranger', 'ca.pem'), at('agent', 'ca.pem'));
    copyFileSync(at('stranger', 'crl.pem'), at('agent', 'crl.pem'));
    reloadMaterial();
    let dials = 0;
    await using proxy = await countingProxy(echo.server.address, () => dials++);
    await using connection = connect(proxy.address, { tls: tlsOf('agent') });
    const client = connection.client(EchoClient);
    const call = () => callUnary(client, client.one, ping(1), { timeoutMs: 5_000 });
    for (let n = 0; n < 15; n++) {
      expect(peerFaultOf(await call().catch((error: unknown) => error))?.cause).toBe('authority');
      await wait(100);
    }
    expect(dials).toBe(1);
    // Nothing has changed here; whoever has the files read again may have mended the peer.
    reloadMaterial();
    await vi.waitFor(
      async () => {
        await call().catch(() => {});
        expect(dials).toBe(2);
      },
      { timeout: 30_000 },
    );
    copyFileSync(at('authority', 'ca.pem'), at('agent', 'ca.pem'));
    copyFileSync(at('authority', 'crl.pem'), at('agent', 'crl.pem'));
    reloadMaterial();
    await vi.waitFor(call, { timeout: 5_000 });
    expect(stranger.issued()).toEqual([]);
  }, 20_000);
});

/** Passes connections on and counts them. */
async function countingProxy(to: string, onConnection: () => void) {
  const [host, port] = to.split(':');
  const server = createServer((socket) => {
    onConnection();
    const onward = connectTcp(Number(port), host);
    for (const [from, into] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      from.pipe(into);
      from.on('error', () => into.destroy());
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.close();
    },
  };
}
