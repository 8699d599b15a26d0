import { silentLogger } from '@weir/base';
import { once } from 'node:events';
import { afterAll, describe, expect, it } from 'vitest';
import { callUnary, openDuplex } from './calls.ts';
import { createAuthority } from './certificates.fixture.ts';
import { connect } from './connection.ts';
import { EchoClient, ping, startEcho } from './echo.fixture.ts';
import { Quota } from './quota.ts';

/** For a busy machine. */
const patient = { timeout: 30_000 };

describe('a quota', () => {
  const caller = (id: string) => ({ id, connection: `${id}:1` });

  it('bounds what one caller holds, names itself and the cure, and leaves others alone', () => {
    const quota = new Quota({ of: 'cells', perCaller: 2, cure: 'leave some' });
    quota.take('x', caller('a'));
    quota.take('y', caller('a'));
    expect(() => quota.take('z', caller('a'))).toThrow(/^a has 2 cells, .*: leave some$/);
    expect(() => quota.take('z', caller('b'))).not.toThrow();
    quota.release('x');
    expect(quota.heldBy(caller('a'))).toEqual(['y']);
    expect(quota.isSpent(caller('a'))).toBe(false);
  });
});

describe('calls in progress', () => {
  const authority = createAuthority();
  const { ca } = authority;
  afterAll(() => authority[Symbol.dispose]());
  const files = (path: string) => ({ ca, ...authority.issue('x', [`spiffe://weir/weir/${path}`]) });

  it('are bounded for each certificate, whatever its connections; refusals are counted, and others served', async () => {
    const counted: unknown[] = [];
    const noGauge = { addCallback: () => {}, removeCallback: () => {} };
    const meter = {
      createCounter: () => ({ add: (count: number, labels: object) => counted.push([count, labels]) }),
      createObservableGauge: () => noGauge,
    };
    let began = 0;
    await using echo = await startEcho(
      {
        both: async (_stream, { signal }) => {
          began++;
          await once(signal, 'abort');
        },
      },
      {
        logger: silentLogger,
        tls: files('service/policy'),
        callsPerCaller: 2,
        meter: meter as never,
        client: { tls: files('operator/ada') },
      },
    );
    await using cleanUps = new AsyncDisposableStack();
    const device = files('cell/hall/device/camera-7');
    const clients = [1, 2, 3].map(() =>
      cleanUps.use(connect(echo.server.address, { tls: device })).client(EchoClient),
    );
    const held = clients.slice(0, 2).map((client) => cleanUps.use(openDuplex(client, client.both, {})));
    await expect.poll(() => began, patient).toBe(2);
    const third = () => callUnary(clients[2]!, clients[2]!.one, ping(1));
    await expect(third()).rejects.toMatchObject({
      status: 'RESOURCE_EXHAUSTED',
      reason: 'QUOTA_EXCEEDED',
      info: { quota: 'calls', caller: 'spiffe://weir/weir/cell/hall/device/camera-7' },
    });
    expect(counted).toEqual([
      [1, { 'rpc.method': 'weir.test.Echo/One', 'weir.role': 'device', 'error.type': 'RESOURCE_EXHAUSTED' }],
    ]);
    expect(await callUnary(echo.client, echo.client.one, ping(2))).toMatchObject({ sequence: 2 });
    held[0]![Symbol.dispose]();
    await expect.poll(() => third().catch(() => undefined), patient).toMatchObject({ sequence: 1 });
  });
});
