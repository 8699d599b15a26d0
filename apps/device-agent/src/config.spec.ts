import { ConfigError, loadConfig } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { configSpec } from './config.ts';

const load = (...argv: string[]) => loadConfig(configSpec, { argv, env: {} });

describe('configuration of the agent', () => {
  it('needs nothing', () => {
    expect(load()).toMatchObject({ deviceId: 'device-1', targets: [], slots: 1, dilationFactor: 0 });
  });

  it('takes targets of both tiers', () => {
    expect(load('--targets', 'edge-1=edge@127.0.0.1:7101,cloud-1=cloud@[::1]:7102').targets).toEqual([
      { nodeId: 'edge-1', tier: 'edge', address: '127.0.0.1:7101' },
      { nodeId: 'cloud-1', tier: 'cloud', address: '[::1]:7102' },
    ]);
  });

  it('takes servers of the Open Inference Protocol with their models among other targets', () => {
    const models = 'models=0.50-int8:small,1.00-fp32:large/2';
    const { targets } = load('--targets', `cloud-1=cloud@h:8001;protocol=oip;${models},edge-1=edge@h:1`);
    expect(targets).toEqual([
      {
        nodeId: 'cloud-1',
        tier: 'cloud',
        address: 'h:8001',
        oip: {
          models: new Map([
            ['0.50-int8', { name: 'small', version: '' }],
            ['1.00-fp32', { name: 'large', version: '2' }],
          ]),
        },
      },
      { nodeId: 'edge-1', tier: 'edge', address: 'h:1' },
    ]);
  });

  it('takes the same keys from the environment', () => {
    const config = loadConfig(configSpec, {
      argv: [],
      env: { WEIR_ALLOWED_TIERS: 'device', WEIR_SLOTS: '2', WEIR_LOOKS: '1' },
    });
    expect(config).toMatchObject({ allowedTiers: ['device'], slots: 2, looks: 1 });
  });

  it.each([
    ['--listen', 'nowhere'],
    ['--cell-id', ''.padEnd(129, 'x')],
    ['--device-id', 'a b'],
    ['--policy', '127.0.0.1'],
    ['--telemetry', '127.0.0.1:99999'],
    ['--targets', 'edge-1'],
    ['--targets', 'edge-1=device@127.0.0.1:1'],
    ['--targets', 'edge-1=edge@127.0.0.1'],
    ['--targets', 'a=edge@127.0.0.1:1,a=cloud@127.0.0.1:2'],
    ['--targets', 'device-1=edge@127.0.0.1:1'],
    ['--targets', 'a=edge@127.0.0.1:1;protocol=http'],
    ['--targets', 'a=edge@127.0.0.1:1;models=x:y'],
    ['--slots', '0'],
    ['--slots', '1.5'],
    ['--slots', '65'],
    ['--threads-per-session', 'many'],
    ['--dilation-factor', '-1'],
    ['--idle-watts', '-1'],
    ['--busy-watts', 'x'],
    ['--radio-watts', '-0.1'],
    ['--max-in-flight', '0'],
    ['--queue-limit', '0'],
    ['--outcome-buffer', '0'],
    ['--outcome-buffer', '1000001'],
    ['--accuracy-floor', '1.1'],
    ['--accuracy-floor', '-0.1'],
    ['--deadline-ms', '0'],
    ['--looks', '0'],
    ['--looks', '3'],
    ['--looks', '1.5'],
    ['--allowed-tiers', 'moon'],
    ['--grace-ms', '-1'],
    ['--seed', '0.5'],
    ['--log-level', 'loud'],
    ['--allow-plaintext', 'maybe'],
  ])('refuses %s %s and names the flag', (flag, value) => {
    const refused = () => load(`${flag}=${value}`);
    expect(refused).toThrow(ConfigError);
    expect(refused).toThrow(flag);
  });

  it('takes an address for pages and their origins together or not at all', () => {
    expect(() => load('--web-listen=127.0.0.1:7080')).toThrow('--web-origins: missing');
    expect(() => load('--web-origins=https://example.com')).toThrow('--web-listen: missing');
    expect(
      load('--web-listen=127.0.0.1:7080', '--web-origins=https://example.com,http://localhost:8000'),
    ).toMatchObject({ webOrigins: ['https://example.com', 'http://localhost:8000'] });
  });

  it('names all faults together', () => {
    expect(() => load('--slots=0', '--targets=x', '--nonsense')).toThrow(
      /(?=[^]*--slots)(?=[^]*--targets)(?=[^]*--nonsense)/,
    );
  });
});
