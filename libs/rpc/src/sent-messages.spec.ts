import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it, vi } from 'vitest';
import { openClientStream } from './calls.ts';
import { ping, startEcho } from './echo.fixture.ts';

describe('calls of many messages', () => {
  it('keep no message that has been sent, though the server does not answer for long', async () => {
    let received = 0;
    await using echo = await startEcho({
      up: async (requests) => {
        for await (const _ of requests) received++;
        return ping(received);
      },
    });
    const { client } = echo;
    using upload = openClientStream(client, client.up);
    const before = process.memoryUsage().arrayBuffers;
    for (let at = 0; at < 600; at++) {
      // A small message keeps the whole slab of memory that its bytes are in.
      for (let quarter = 0; quarter < 4; quarter++) Buffer.allocUnsafe(Buffer.poolSize >>> 2);
      await upload.send(ping(at, new Uint8Array(8)));
      if (at === 0) await vi.waitFor(() => expect(received).toBe(1));
    }
    await vi.waitFor(() => expect(received).toBe(600), 10_000);
    setFlagsFromString('--expose-gc');
    await vi.waitFor(() => {
      (runInNewContext('gc') as () => void)();
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan((600 * Buffer.poolSize) / 4);
    }, 5_000);
  });
});
