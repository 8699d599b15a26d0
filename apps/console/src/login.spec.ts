import { silentLogger, type Logger } from '@weir/base';
import { Authority } from '@weir/pki';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { request as requestPlain } from 'node:http';
import { type RequestOptions, request as requestTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConsoleApp, startConsoleApp } from './app.ts';
import { configSpec } from './config.ts';
import { tokenLogin } from './login.ts';

const token = 'correct-horse-battery-staple';
let folder: string;
let app: ConsoleApp;
const logged: unknown[] = [];
const keep = (...line: unknown[]) => void logged.push(line);
const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep };

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'weir-login-'));
  writeFileSync(join(folder, 'token'), `${token}\n`);
  logged.length = 0;
});
afterEach(async () => {
  await app?.[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});
const start = async (flags: object, log = silentLogger) => {
  app = await startConsoleApp(configSpec.schema.parse({ policy: '127.0.0.1:1', ...flags }), { logger: log });
};
async function ask(
  path: string,
  { body, tls, ...options }: RequestOptions & { body?: string; tls?: boolean } = {},
) {
  const { hostname, port } = new URL(`http://${app.address}`);
  const call = (tls ? requestTls : requestPlain)({ hostname, port, path, agent: false, ...options });
  return await new Promise<{ status: number; cookie: string; body: string }>((resolve, reject) => {
    call.on('error', reject);
    call.on('response', (response) => {
      const cookie = response.headers['set-cookie']?.[0] ?? '';
      void text(response).then((answer) => resolve({ status: response.statusCode!, cookie, body: answer }));
    });
    call.end(body);
  });
}
const logIn = (offered: string) => ask('/login', { method: 'POST', body: `token=${offered}` });

describe('a console with a token', () => {
  it.each(['/', '/snapshot', '/events', '/control', '/main.js', `/?token=${token}`])(
    'shows who has not logged in nothing of %s but the form',
    async (path) => {
      await start({ tokenFile: join(folder, 'token') });
      const { status, body } = await ask(path, { method: path === '/control' ? 'POST' : 'GET' });
      expect(status).toBe(401);
      expect(body).toContain('<form method="post" action="/login">');
    },
  );

  it('lets who knows it in, by a cookie that no script reads and no other site sends', async () => {
    await start({ tokenFile: join(folder, 'token') });
    const { status, cookie } = await logIn(token);
    expect(status).toBe(303);
    expect(cookie).toMatch(/; HttpOnly; SameSite=Strict; Path=\//);
    expect(cookie).not.toContain(token);
    expect((await ask('/snapshot', { headers: { cookie: cookie.split(';')[0] } })).status).toBe(200);
  });

  it.each(['', 'wrong', `${token}x`, token.slice(1), 'x'.repeat(5_000)])(
    'refuses another: %.12s',
    async (offered) => {
      await start({ tokenFile: join(folder, 'token') });
      expect(await logIn(offered)).toMatchObject({ status: 401, cookie: '' });
    },
  );

  it.each(['weir_console=', 'weir_console=9999999999999.00', 'weir_console=NaN.x', 'other=1'])(
    'takes no cookie that it has not made: %s',
    async (cookie) => {
      await start({ tokenFile: join(folder, 'token') });
      expect((await ask('/snapshot', { headers: { cookie } })).status).toBe(401);
    },
  );

  it('answers to its own Host alone, before and after the login', async () => {
    await start({ tokenFile: join(folder, 'token') });
    const { cookie } = await logIn(token);
    const headers = { host: 'evil.example', cookie: cookie.split(';')[0] };
    expect((await ask('/snapshot', { headers })).status).toBe(421);
    expect((await ask('/login', { method: 'POST', body: `token=${token}`, headers })).status).toBe(421);
  });

  it('keeps the token out of the log', async () => {
    await start({ tokenFile: join(folder, 'token') }, logger);
    await logIn(token);
    await logIn(`${token}x`);
    await ask(`/?token=${token}`);
    expect(logged.length).toBeGreaterThanOrEqual(2);
    expect(inspect(logged, { depth: 9 })).not.toContain(token);
  });

  it.each([
    ['short', /holds no 16 characters/],
    [undefined, /cannot be read/],
  ])('does not start by a token of %j', async (content, told) => {
    if (content !== undefined) writeFileSync(join(folder, 'token'), content);
    else rmSync(join(folder, 'token'));
    await expect(start({ tokenFile: join(folder, 'token') })).rejects.toThrow(told);
  });
});

describe('a login', () => {
  it('ends after twelve hours', () => {
    const login = tokenLogin(token, { secure: true });
    const cookie = login.enter(token, 0)!;
    expect(cookie).toContain('; Secure');
    const request = { headers: { cookie: cookie.split(';')[0] } } as Parameters<typeof login.allows>[0];
    expect(login.allows(request, 43_199_000)).toBe(true);
    expect(login.allows(request, 43_201_000)).toBe(false);
  });
});

describe('a console for operators’ certificates', () => {
  it('shows itself to operators of its cell or of all, and neither to others nor to anybody without', async () => {
    const authority = await Authority.init(join(folder, 'pki'), { trustDomain: 'example', days: 9 });
    const at = (name: string, file: string) => join(folder, name, file);
    const subject = { name: 'console', dns: ['localhost'], ip: ['127.0.0.1'] };
    await authority.issue({ kind: 'service', ...subject }, { days: 1, folder: join(folder, 'console') });
    await authority.issue(
      { kind: 'operator', name: 'ada', dns: [], ip: [] },
      { days: 1, folder: join(folder, 'ada') },
    );
    for (const [name, cell] of [
      ['bob', 'cell-1'],
      ['eve', 'another'],
    ] as const)
      await authority.issue(
        { kind: 'operator', cell, name, dns: [], ip: [] },
        { days: 1, folder: join(folder, name) },
      );
    await authority.issue(
      { kind: 'device', cell: 'c', name: 'operator', dns: [], ip: [] },
      { days: 1, folder: join(folder, 'device') },
    );
    const tls = {
      listenTlsCert: at('console', 'cert.pem'),
      listenTlsKey: at('console', 'key.pem'),
      listenTlsCa: at('console', 'ca.pem'),
      listenTlsCrl: at('console', 'crl.pem'),
    };
    await start({ ...tls, cellId: 'cell-1' });
    const read = (name: string, file: string) => readFileSync(at(name, file));
    const as = (name: string, path = '/snapshot') =>
      ask(path, {
        tls: true,
        ca: authority.ca,
        cert: read(name, 'cert.pem'),
        key: read(name, 'key.pem'),
      });
    expect((await as('ada')).status).toBe(200);
    expect((await as('bob')).status).toBe(200);
    for (const other of ['eve', 'device']) expect((await as(other)).status).toBe(401);
    await expect(ask('/snapshot', { tls: true, ca: authority.ca })).rejects.toThrow();

    // Over every cell: who is of one has that one.
    await app[Symbol.asyncDispose]();
    await start(tls);
    expect(JSON.parse((await as('eve')).body)).toMatchObject({ cellId: 'another' });
    expect(JSON.parse((await as('eve', '/cells')).body)).toEqual(['another']);
    for (const path of ['/snapshot', '/events', '/control'])
      expect((await as('eve', `${path}?cell=cell-1`)).status).not.toBe(200);
    expect((await as('bob', '/snapshot?cell=cell-1')).status).toBe(200);
  });
});
