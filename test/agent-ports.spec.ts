import { ConfigError, loadConfig, silentLogger } from '@weir/base';
import { agent } from '@weir/proto';
import { callUnary, connect } from '@weir/rpc';
import { afterAll, describe, expect, it } from 'vitest';
import { createAuthority } from '../libs/rpc/src/certificates.fixture.ts';
import { configSpec, startDeviceAgent } from '@weir/device-agent';
import { weir } from './support/weir.ts';

const authority = createAuthority();
const { ca } = authority;
const own = authority.issue('agent', ['spiffe://weir/weir/cell/cell-1/device/device-1']);
afterAll(() => authority[Symbol.dispose]());

const start = (...argv: string[]) => {
  const config = loadConfig(configSpec, { argv: ['--local-variants', 'none', ...argv], env: {} });
  return startDeviceAgent(config, { logger: silentLogger });
};
const faultOf = async (...argv: string[]) => {
  const error: unknown = await start(...argv).then(
    (app) => app[Symbol.asyncDispose](),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return (error as ConfigError).message;
};

describe('the port of an agent for applications', () => {
  it.each([
    ['its authorities alone', [`--tls-ca=${ca}`]],
    ['a certificate too', [`--tls-ca=${ca}`, `--tls-cert=${own.cert}`, `--tls-key=${own.key}`]],
  ])('is as open on loopback as ever when the agent has, for services, %s', async (_what, flags) => {
    await using app = await start(...flags);
    await using connection = connect(app.address);
    const client = connection.client(agent.DeviceAgentClient);
    expect(await callUnary(client, client.getStatus, {})).toMatchObject({ deviceId: 'device-1' });
  });

  it.each([
    ['plain text', []],
    ['TLS', [`--listen-tls-cert=${own.cert}`, `--listen-tls-key=${own.key}`, `--listen-tls-ca=${ca}`]],
  ])('is asked for its health by what the agent was told, over %s', async (_what, listenFlags) => {
    const towardsServices = [`--tls-ca=${ca}`, `--tls-cert=${own.cert}`, `--tls-key=${own.key}`];
    await using app = await start(...towardsServices, ...listenFlags);
    const shared = [...towardsServices, ...listenFlags.filter((flag) => !flag.includes('-ca='))];
    const { code, stdout } = await weir('health', '--agent', `--listen=${app.address}`, ...shared).ended;
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: `${app.address}: SERVING\n` });
  });

  it('needs a certificate of its own off loopback, whatever the agent has for services', async () => {
    const flags = [`--tls-ca=${ca}`, `--tls-cert=${own.cert}`, `--tls-key=${own.key}`];
    const fault = await faultOf('--listen', '0.0.0.0:0', ...flags);
    expect(fault).toMatch(
      /--listen: .*not on loopback.*--listen-tls-cert, --listen-tls-key and --listen-tls-ca/,
    );
  });

  it('names its own flags where their files are at fault', async () => {
    const fault = await faultOf('--listen-tls-cert', '/missing.pem', '--listen-tls-ca', ca);
    expect(fault).toContain('--listen-tls-cert: cannot read /missing.pem');
    expect(fault).toContain('--listen-tls-key: missing');
  });
});
