import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Point, Snapshot } from '../../apps/console/src/snapshot.ts';
import { type Fleet, startFleet } from '../support/fleet.ts';
import { endProgram } from '../support/programs.ts';

/** Real processes that `weir up` did not start; the console is told of PolicyService and Telemetry alone. */
describe('the console over one’s own fleet', () => {
  let fleet: Fleet;
  let url: string;
  beforeAll(async () => {
    fleet = await startFleet();
    url = await fleet.console();
  });
  afterAll(() => fleet?.[Symbol.asyncDispose]());

  const get = async <T>(path: string) => (await (await fetch(`${url}${path}`)).json()) as T;
  const hall = () => get<Snapshot>('/snapshot?cell=hall');
  const texts = async () => (await hall()).events.map(({ text }) => text);
  const soon = <T>(check: () => Promise<T>) => vi.waitFor(check, { timeout: 60_000, interval: 250 });
  const happens = (...words: string[]) =>
    soon(async () => {
      const told = (await texts()).join('\n');
      for (const word of words) expect(told).toContain(word);
    });
  const setFloor = async (floor: number) => {
    const response = await fetch(`${url}/control?cell=hall`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-weir-console': '1', origin: url },
      body: JSON.stringify({ kind: 'floor', floor }),
    });
    expect(response.status).toBe(200);
  };

  it('shows where frames run, why, how long they take and what they cost; and what happens to the nodes', async () => {
    const edge = await fleet.edge('hall');
    const devices = await Promise.all([
      fleet.device('hall', 'device-1'),
      // It knows of the edge by itself, and so goes on looking for it when it is gone.
      fleet.device('hall', 'device-2', `--targets=edge-1=edge@${edge.address}`),
      fleet.device('yard', 'device-3'),
    ]);
    for (const { send } of devices.slice(0, 2)) send(200);

    await soon(async () => expect(await get<string[]>('/cells')).toEqual(['hall', 'yard']));
    await soon(async () => {
      const seen = await hall();
      expect(seen.services).toEqual({ policy: true, telemetry: true });
      expect(seen.devices.map(({ id, answers }) => [id, answers])).toEqual([
        ['device-1', true],
        ['device-2', true],
      ]);
      // As its variants are: the edge's is the most accurate, the devices' the least.
      expect(seen.floorRange!.least).toBeCloseTo(0.811, 2);
      expect(seen.floorRange!.most).toBeCloseTo(0.842, 2);
      for (const { recent, orchestrated } of seen.devices) {
        expect(orchestrated).toBe(true);
        expect(recent!.framesPerSecond).toBeGreaterThan(0);
        expect(recent!.energyJ).toBeGreaterThan(0);
        const sum = recent!.hopsMs.reduce((total, ms) => total + ms, 0);
        expect(Math.abs(sum - recent!.meanMs)).toBeLessThan(0.5);
      }
    });

    // Only the edge is as accurate as that: the link and its load show it.
    await setFloor(0.84);
    await soon(async () => {
      const { devices, links, nodes, traces, recent } = await hall();
      for (const device of devices)
        expect(device.recent!.placements[0]).toMatchObject({ nodeId: 'edge-1', tier: 'edge' });
      expect(recent!.expectedAccuracy).toBeGreaterThan(0.8);
      expect(links.map(({ reachable, condition }) => [reachable, condition])).toEqual([
        [true, null],
        [true, null],
      ]);
      for (const link of links) {
        expect(link.framesPerSecond).toBeGreaterThan(0);
        expect(link.roundTripMs).toBeGreaterThan(0);
      }
      expect(nodes).toMatchObject([{ id: 'edge-1', liveness: 'live' }]);
      expect(traces[0]).toMatchObject({ nodeId: 'edge-1', correct: null });
      expect(Object.keys(recent!.reasons).length).toBeGreaterThan(0);
    });
    expect((await texts()).filter((text) => text.startsWith('floor set'))).toEqual(['floor set to 84.0 %']);

    await endProgram(edge.child, 'SIGKILL');
    await happens('edge-1 has left without draining', 'floor not met by');
    await soon(async () => {
      const { belowFloor, events, links, devices } = await hall();
      expect(belowFloor!.reason).toContain('the accuracy floor is 0.84');
      const cause = 'nobody listens at its address';
      expect(events.map(({ text }) => text)).toContain(`edge-1 cannot be reached by device-2: ${cause}`);
      expect(links.find(({ deviceId }) => deviceId === 'device-2')).toMatchObject({
        reachable: false,
        fault: cause,
      });
      expect(devices[1]!.peerFaults).toEqual([{ peer: 'edge-1', text: cause }]);
    });
    const again = await fleet.edge('hall', edge.address);
    await happens('edge-1 has restarted', 'floor met again by', 'edge-1 can be reached again by device-2');
    await endProgram(again.child, 'SIGTERM');
    await happens('edge-1 is draining', 'edge-1 has drained and left');

    await soon(async () => {
      const { devices: ofYard } = await get<Snapshot>('/snapshot?cell=yard');
      expect(ofYard.map(({ id }) => id)).toEqual(['device-3']);
    });
    expect((await fetch(`${url}/snapshot?cell=nowhere`)).status).toBe(404);
    const points = await historyOf(`${url}/events?cell=hall`);
    expect(points.some(({ p50Ms, p95Ms, energyJ }) => p50Ms! > 0 && p95Ms! >= p50Ms! && energyJ! > 0)).toBe(
      true,
    );
  }, 300_000);
});

/** What a page gets first. */
async function historyOf(events: string): Promise<Point[]> {
  const stop = new AbortController();
  const response = await fetch(events, { signal: stop.signal });
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    const [, data] = /^event: history\ndata: (.*)\n\n/m.exec(text) ?? [];
    if (data === undefined) continue;
    stop.abort();
    return JSON.parse(data) as Point[];
  }
  throw new Error('no history came');
}
