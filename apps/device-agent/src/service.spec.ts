import { silentLogger, Unavailable } from '@weir/base';
import { agent } from '@weir/proto';
import { connect, openDuplex, serve } from '@weir/rpc';
import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { deviceAgentService } from './service.ts';

describe('device agent service', () => {
  it('keeps nothing of a stream that has ended', async () => {
    const warmingUp = () => {
      throw new Unavailable('the device is warming up');
    };
    await using server = await serve({
      listen: '127.0.0.1:0',
      services: [{ definition: agent.DeviceAgentService, implementation: deviceAgentService(warmingUp) }],
      logger: silentLogger,
    });
    await using connection = connect(server.address);
    const client = connection.client(agent.DeviceAgentClient);
    const listening = () => getEventListeners(server.draining, 'abort').length;
    const before = listening();
    for (let call = 0; call < 10; call++) {
      using stream = openDuplex(client, client.streamInfer);
      stream.end();
      for await (const message of stream) expect.unreachable(`nothing was asked: ${JSON.stringify(message)}`);
    }
    expect(listening()).toBe(before);
  });
});
