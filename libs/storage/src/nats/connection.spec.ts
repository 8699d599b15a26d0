import { silentLogger } from '@weir/base';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { expect, it } from 'vitest';
import { connectNats } from './connection.ts';

it('gives up a server that takes connections and says nothing as soon as the signal aborts', async () => {
  const peer = createServer();
  await once(peer.listen(0, '127.0.0.1'), 'listening');
  const { port } = peer.address() as AddressInfo;
  const stop = new AbortController();
  const options = { logger: silentLogger, signal: stop.signal };
  const connecting = connectNats({ servers: [`nats://127.0.0.1:${port}`] }, options);
  const [socket] = (await once(peer, 'connection')) as [Socket];
  stop.abort('stopped');
  await expect(connecting).rejects.toBe('stopped');
  socket.destroy();
  peer.close();
}, 4_000);
