import { type ConfigError, loadConfig } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { configSpec } from './config.ts';

const load = (...argv: string[]) => loadConfig(configSpec, { argv, env: {} });
const faults = (...argv: string[]) => {
  try {
    load(...argv);
    return [];
  } catch (error) {
    return (error as ConfigError).violations.map(({ field }) => field);
  }
};

describe('configuration of policy-service', () => {
  it('needs nothing', () => {
    expect(load()).toMatchObject({
      listen: '127.0.0.1:0',
      learner: 'planner',
      accuracyFloor: 0,
      deadlineMs: 10_000,
      leaseMs: 5_000,
      replanMs: 1_000,
      allowedTiers: ['device', 'edge', 'cloud'],
      looks: 2,
    });
    expect(load().data).toBeUndefined();
  });

  it.each([
    ['--listen=nowhere', '--listen'],
    ['--data=', '--data'],
    ['--learner=guess', '--learner'],
    ['--accuracy-floor=80', '--accuracy-floor'],
    ['--accuracy-floor=-0.1', '--accuracy-floor'],
    ['--accuracy-floor=high', '--accuracy-floor'],
    ['--deadline-ms=0', '--deadline-ms'],
    ['--deadline-ms=1e9', '--deadline-ms'],
    ['--mean-weight=0', '--mean-weight'],
    ['--mean-weight=-1', '--mean-weight'],
    ['--tail-weight=-1', '--tail-weight'],
    ['--energy-ms-per-j=x', '--energy-ms-per-j'],
    ['--allowed-tiers=moon', '--allowed-tiers'],
    ['--allowed-tiers=', '--allowed-tiers'],
    ['--looks=0', '--looks'],
    ['--looks=3', '--looks'],
    ['--looks=1.5', '--looks'],
    ['--lease-ms=-1', '--lease-ms'],
    ['--replan-ms=1', '--replan-ms'],
    ['--grace-ms=0', '--grace-ms'],
    ['--snapshot-ms=1', '--snapshot-ms'],
    ['--retention=0', '--retention'],
    ['--seed=1.5', '--seed'],
    ['--max-cells=0', '--max-cells'],
    ['--max-devices=many', '--max-devices'],
    ['--max-watches=0', '--max-watches'],
    ['--log-level=loud', '--log-level'],
    ['--allow-plaintext=perhaps', '--allow-plaintext'],
    ['--nonsense', '--nonsense'],
    ['--store=localhost', '--store'],
    ['--store-credentials=weir.creds', '--store'],
  ])('refuses %s', (flag, field) => expect(faults(flag)).toEqual([field]));

  it('keeps what is learned in one place', () => {
    const store = '--store=nats://10.0.0.1:4222,tls://10.0.0.2:4222';
    expect(load(store, '--store-replicas=3').store).toEqual(['nats://10.0.0.1:4222', 'tls://10.0.0.2:4222']);
    expect(faults(store, '--data=/var/lib/weir')).toEqual(['--data']);
    expect(faults(store, '--store-replicas=9')).toEqual(['--store-replicas']);
    expect(faults(store, '--listen=0.0.0.0:7100')).toEqual(['--advertise']);
    expect(faults(store, '--advertise=0.0.0.0:7100')).toEqual(['--advertise']);
    expect(faults(store, '--store-tls-cert=c.pem')).toEqual(['--store-tls-key']);
  });
});
