import { type ConfigError, loadConfig } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { configSpec } from './config.ts';

const load = (...argv: string[]) =>
  loadConfig(configSpec, { argv: ['--policy=127.0.0.1:7002', ...argv], env: {} });

describe('the console’s configuration', () => {
  it('stays on loopback unless asked', () => {
    expect(load().listen).toBe('127.0.0.1:0');
    let refused: unknown;
    try {
      load('--listen=0.0.0.0:8080');
    } catch (error) {
      refused = error;
    }
    const { violations } = refused as ConfigError;
    expect(new Set(violations.map(({ field }) => field))).toEqual(new Set(['--listen']));
    expect(violations[0]!.description).toContain('--allow-remote');
  });

  it.each([
    [['--token-file=t', '--listen-tls-cert=c', '--listen-tls-key=k'], true],
    [['--token-file=t', '--allow-plaintext'], true],
    [['--listen-tls-ca=a', '--listen-tls-cert=c', '--listen-tls-key=k'], true],
    [[], false],
    [['--allow-plaintext'], false],
    [['--token-file=t'], false],
    [['--listen-tls-cert=c', '--listen-tls-key=k'], false],
  ])('off loopback asks who is there, and encrypts: %j', (flags, allowed) => {
    const given = () => load('--listen=0.0.0.0:8080', '--allow-remote', ...flags);
    if (allowed) expect(given().listen).toBe('0.0.0.0:8080');
    else expect(given).toThrow(/--listen: .*not on loopback/);
  });
});
