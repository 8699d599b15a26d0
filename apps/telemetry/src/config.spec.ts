import { ConfigError, loadConfig } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { configSpec } from './config.ts';

describe('configuration of the telemetry service', () => {
  it('serves on loopback, in plain text, unless told otherwise', () => {
    expect(loadConfig(configSpec, { argv: [], env: {} })).toMatchObject({
      listen: '127.0.0.1:0',
      allowPlaintext: false,
      reflection: true,
    });
  });

  it.each([
    ['--listen', 'nowhere'],
    ['--listen', '127.0.0.1:70000'],
    ['--log-level', 'loud'],
    ['--max-cells', '0'],
    ['--max-cells', 'many'],
    ['--max-nodes-per-cell', '1.5'],
    ['--max-watches', '-1'],
    ['--coalesce-ms', '-1'],
    ['--coalesce-ms', 'NaN'],
  ])('refuses %s %s and names the flag', (flag, value) => {
    const load = () => loadConfig(configSpec, { argv: [`${flag}=${value}`], env: {} });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(flag);
  });
});
