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
    expect((refused as ConfigError).violations).toMatchObject([{ field: '--listen' }]);
    expect(load('--listen=0.0.0.0:8080', '--allow-remote').listen).toBe('0.0.0.0:8080');
  });
});
