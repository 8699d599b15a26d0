import type { ConfigError } from '@weir/base';
import { loadConfig } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { configSpec } from './config.ts';

const faults = (argv: string[]) => {
  try {
    loadConfig(configSpec, { argv, env: {} });
    return [];
  } catch (error) {
    return (error as ConfigError).violations.map(({ field }) => field);
  }
};

describe('configuration', () => {
  it('has a default for everything', () => {
    expect(loadConfig(configSpec, { argv: [], env: {} })).toMatchObject({
      listen: '127.0.0.1:0',
      tier: 'edge',
      slots: 1,
      queueLimit: 64,
      dilationFactor: 0,
      variants: [],
    });
  });

  it.each([
    ['--listen', 'nowhere'],
    ['--cell-id', ''],
    ['--cell-id', 'a b'],
    ['--node-id', 'x'.repeat(129)],
    ['--tier', 'device'],
    ['--slots', '0'],
    ['--slots', '1.5'],
    ['--slots', '65'],
    ['--threads-per-session', '-1'],
    ['--queue-limit', 'many'],
    ['--dilation-factor', '-1'],
    ['--telemetry', 'host'],
    ['--idle-watts', '-1'],
    ['--busy-watts', 'hot'],
    ['--grace-ms', '0'],
    ['--log-level', 'loud'],
    ['--reflection', 'perhaps'],
  ])('refuses %s %s', (flag, value) => {
    expect(faults([`${flag}=${value}`])).toEqual([flag]);
  });
});
