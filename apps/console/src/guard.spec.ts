import { describe, expect, it } from 'vitest';
import { allowedHosts, refuseControl, refuseStranger } from './guard.ts';

const allowed = allowedHosts('127.0.0.1:8080', ['proxy.example:443']);

describe('the names of the page', () => {
  it.each(['127.0.0.1:8080', 'localhost:8080', '[::1]:8080', 'LOCALHOST:8080', 'proxy.example:443'])(
    'include %s',
    (host) => expect(refuseStranger({ host }, allowed)).toBeUndefined(),
  );

  it.each(['localhost', 'localhost:80', 'evil.example:8080', '127.0.0.1.evil.example:8080', ''])(
    'do not include "%s"',
    (host) => expect(refuseStranger({ host }, allowed)).toMatchObject({ status: 421 }),
  );

  it('do not include loopback when it listens elsewhere', () => {
    const remote = allowedHosts('192.0.2.7:8080', []);
    expect(refuseStranger({ host: '192.0.2.7:8080' }, remote)).toBeUndefined();
    expect(refuseStranger({ host: 'localhost:8080' }, remote)).toMatchObject({ status: 421 });
  });
});

describe('another site', () => {
  const host = 'localhost:8080';
  it('may link to the page', () => {
    const headers = {
      host,
      'sec-fetch-site': 'cross-site',
      'sec-fetch-mode': 'navigate',
      'sec-fetch-dest': 'document',
    };
    expect(refuseStranger(headers, allowed)).toBeUndefined();
  });

  it.each([
    ['fetch', 'cors', 'empty'],
    ['embed as a script', 'no-cors', 'script'],
    ['frame', 'navigate', 'iframe'],
  ])('may not %s it', (_what, mode, dest) => {
    const headers = { host, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': mode, 'sec-fetch-dest': dest };
    expect(refuseStranger(headers, allowed)).toMatchObject({ status: 403 });
  });
});

describe('a change', () => {
  const headers = {
    host: 'localhost:8080',
    origin: 'http://localhost:8080',
    'x-weir-console': '1',
    'content-type': 'application/json; charset=utf-8',
  };
  it('is taken from the page itself, also behind a proxy with TLS', () => {
    expect(refuseControl(headers)).toBeUndefined();
    expect(refuseControl({ ...headers, origin: 'https://localhost:8080' })).toBeUndefined();
  });

  it('is not taken from another port', () => {
    expect(refuseControl({ ...headers, origin: 'http://localhost:8081' })).toMatchObject({ status: 403 });
  });
});
