import { once } from 'node:events';
import { type Socket, connect, createServer } from 'node:net';
import { silentLogger } from '@weir/base';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeCell } from './description.ts';
import { type CellLinks, startLinks } from './links.ts';
import type { ProcessEvent } from './supervised-process.ts';

const cell = describeCell({
  nodes: [
    { id: 'edge-1', tier: 'edge', slots: 1, dilationFactor: 0 },
    { id: 'cloud-1', tier: 'cloud', slots: 1, dilationFactor: 0 },
  ],
  devices: [
    { id: 'near', dilationFactor: 0, links: 'regular' },
    { id: 'far', dilationFactor: 0, links: 'weak' },
  ],
});

describe('startLinks', () => {
  const echo = createServer((socket) => socket.pipe(socket).on('error', () => {}));
  let links: CellLinks;
  const listeners = new Set<(event: ProcessEvent) => void>();
  beforeAll(async () => {
    echo.listen(0, '127.0.0.1');
    await once(echo, 'listening');
    const address = `127.0.0.1:${(echo.address() as { port: number }).port}`;
    links = await startLinks(cell, {
      nodeAddresses: new Map(cell.nodes.map(({ id }) => [id, address])),
      logger: silentLogger,
      onEvent: (event) => listeners.forEach((listener) => listener(event)),
    });
  });
  afterAll(async () => {
    await links?.[Symbol.asyncDispose]();
    echo.close();
  });

  const link = (deviceId: string, nodeId: string) =>
    links.all.find((one) => one.deviceId === deviceId && one.nodeId === nodeId)!;
  const next = (kind: ProcessEvent['kind']) =>
    new Promise<void>((resolve) => {
      const listener = (event: ProcessEvent) => {
        if (event.kind !== kind) return;
        listeners.delete(listener);
        resolve();
      };
      listeners.add(listener);
    });

  /** Time for a byte to the node and back, ms; undefined when the link is down. */
  async function roundTripMs(address: string): Promise<number | undefined> {
    const [host, port] = address.split(':') as [string, string];
    const socket: Socket = connect(Number(port), host);
    try {
      await once(socket, 'connect');
      const sentAt = performance.now();
      socket.write('x');
      await once(socket, 'data');
      return performance.now() - sentAt;
    } catch {
      return undefined;
    } finally {
      socket.destroy();
    }
  }

  it('gives each device its own way to each node, as its profile says', async () => {
    expect(links.all.map(({ deviceId, nodeId }) => `${deviceId} ${nodeId}`)).toEqual([
      'near edge-1',
      'near cloud-1',
      'far edge-1',
      'far cloud-1',
    ]);
    const { regular, weak } = cell.links;
    expect((await link('near', 'edge-1').stats()).up).toMatchObject(regular.edge);
    expect((await link('far', 'cloud-1').stats()).down).toMatchObject(weak.cloud);
    expect(await roundTripMs(link('far', 'cloud-1').address)).toBeGreaterThanOrEqual(
      2 * weak.cloud.delayMs - 1,
    );
  });

  it('comes back at the same addresses, in the same conditions, when its process dies', async () => {
    const [changed, cut] = [link('near', 'edge-1'), link('near', 'cloud-1')];
    await changed.set({ up: { delayMs: 60 } });
    await cut.cut();
    const restarted = next('restarted');
    links.kill('SIGKILL');
    await restarted;
    expect(links.restarts).toBe(1);
    expect((await changed.stats()).up).toMatchObject({ delayMs: 60 });
    expect(await roundTripMs(changed.address)).toBeGreaterThanOrEqual(59);
    expect(await roundTripMs(cut.address)).toBeUndefined();
    await cut.restore();
    expect(await roundTripMs(cut.address)).toBeGreaterThan(0);
  });
});
