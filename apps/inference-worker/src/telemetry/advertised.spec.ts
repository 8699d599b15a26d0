import { ConfigError } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { advertisedAddress, checkAdvertised } from './advertised.ts';

const onThisMachine = { listen: '127.0.0.1:0', telemetry: '127.0.0.1:7300', advertise: undefined };
const inTheField = { listen: '0.0.0.0:7200', telemetry: 'telemetry:7300', advertise: undefined };

describe('the address that devices are told', () => {
  it('is that of --advertise, or else as the node listens', () => {
    expect(advertisedAddress(onThisMachine, '127.0.0.1:4711')).toBe('127.0.0.1:4711');
    expect(advertisedAddress({ ...inTheField, advertise: 'edge-1:7200' }, '0.0.0.0:7200')).toBe(
      'edge-1:7200',
    );
    expect(advertisedAddress({ ...inTheField, listen: '10.0.0.7:7200' }, '10.0.0.7:7200')).toBe(
      '10.0.0.7:7200',
    );
  });

  it('is none without Telemetry, by request, and where loopback would be another machine', () => {
    expect(advertisedAddress({ ...onThisMachine, telemetry: undefined }, '127.0.0.1:4711')).toBe('');
    expect(advertisedAddress({ ...inTheField, advertise: 'none' }, '0.0.0.0:7200')).toBe('');
    expect(advertisedAddress({ ...onThisMachine, telemetry: 'telemetry:7300' }, '127.0.0.1:4711')).toBe('');
  });

  it.each(['0.0.0.0:7200', '[::]:7200', '0:7200', '[0:0:0:0:0:0:0:0]:7200'])(
    'has to be given where the node listens on %s',
    (listen) => {
      expect(() => checkAdvertised({ ...inTheField, listen })).toThrow(ConfigError);
      expect(() => checkAdvertised({ ...inTheField, listen })).toThrow(
        /--advertise: needed.* give HOST:PORT/,
      );
      for (const given of [{ advertise: 'none' }, { advertise: 'edge-1:7200' }, { telemetry: undefined }])
        expect(() => checkAdvertised({ ...inTheField, listen, ...given })).not.toThrow();
    },
  );

  it('may be left out where the node listens on an address of its own', () => {
    for (const listen of ['127.0.0.1:0', '10.0.0.7:7200', 'edge-1:7200'])
      expect(() => checkAdvertised({ ...inTheField, listen })).not.toThrow();
  });
});
