import { silentLogger } from '@weir/base';
import type { FromConsole, ToConsole } from '@weir/cell';
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type ConsoleApp, startConsoleApp } from './app.ts';
import { configSpec } from './config.ts';
import { frame } from './frame.fixture.ts';
import { type Services, startServices } from './services.fixture.ts';
import type { Point, Snapshot } from './snapshot.ts';

let services: Services;
let app: ConsoleApp;
beforeEach(async () => {
  services = await startServices();
});
afterEach(async () => {
  await app?.[Symbol.asyncDispose]();
  await services[Symbol.asyncDispose]();
});

async function start(flags: object = {}, parent?: Parameters<typeof startConsoleApp>[1]): Promise<void> {
  const { address } = services;
  const config = configSpec.schema.parse({
    policy: address,
    telemetry: address,
    agents: [address],
    ...flags,
  });
  app = await startConsoleApp(config, { logger: silentLogger, ...parent });
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** A request as any program may send it: `fetch` would not let the Host be another one. */
function ask(path: string, { body, ...options }: RequestOptions & { body?: string } = {}): Promise<Answer> {
  const { hostname, port } = new URL(`http://${app.address}`);
  return new Promise((resolve, reject) => {
    const call = request({ hostname, port, path, agent: false, ...options }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode!, headers: response.headers, body: text }),
      );
    });
    call.on('error', reject);
    call.end(body);
  });
}

/** As the page's script asks. */
const control = (change: unknown, headers: Record<string, string | undefined> = {}) => {
  const own = {
    origin: `http://${app.address}`,
    'content-type': 'application/json',
    'x-weir-console': '1',
    ...headers,
  };
  return ask('/control', {
    method: 'POST',
    headers: Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)),
    body: typeof change === 'string' ? change : JSON.stringify(change),
  });
};
const snapshot = async () => JSON.parse((await ask('/snapshot')).body) as Snapshot;
const until = (check: () => Promise<void>) => vi.waitFor(check, { timeout: 10_000, interval: 50 });

describe('the console without a page open', () => {
  it('shows the newest state of every source', async () => {
    await start();
    await until(async () => {
      const seen = await snapshot();
      expect(seen.services).toEqual({ policy: true, telemetry: true });
      expect(seen.learner).toMatchObject({
        name: 'planner',
        outcomes: 120,
        priorCells: 3,
        floor: 0.75,
        deadlineMs: 900,
      });
      expect(seen.floorRange).toEqual({ least: 0.6, most: 0.8 });
      expect(seen.learner!.accuracy).toEqual({
        truths: null,
        audits: { count: 60, measured: 0.9346, promised: 0.95, lowerBound: 0.9, level: 0.95 },
        correction: { shortfall: 0, firsts: [{ variant: 'net-0.50-int8', loss: 1.5, share: 1.23 }] },
      });
      expect(seen.nodes).toMatchObject([
        { id: 'edge-1', tier: 'edge', liveness: 'live', load: { slots: 2, queued: 3, utilization: 0.5 } },
      ]);
      expect(seen.devices).toMatchObject([
        {
          id: 'device-1',
          answers: true,
          orchestrated: true,
          familyFault: 'its models are others',
          planned: { nodeId: 'edge-1', variant: 'net-0.50-int8' },
          plannedMs: 80,
          answered: 40,
          expectedAccuracy: 0.76,
          measured: { labelled: 20, right: 0.75, promised: 0.76, lowerBound: 0.5, level: 0.95 },
          recent: null,
          peerFaults: [{ peer: 'edge-1', text: 'nobody listens at its address' }],
          belowFloor: null,
          slowdown: null,
        },
      ]);
      expect(seen.links).toEqual([
        {
          deviceId: 'device-1',
          nodeId: 'edge-1',
          reachable: false,
          fault: 'nobody listens at its address',
          roundTripMs: 11.3,
          ejection: '5 failures in a row',
          identityFault: 'target edge-1 gets no frames: its worker serves other models',
          framesPerSecond: null,
          condition: null,
        },
      ]);
    });
  });

  it('survives the restart of its services, and says so meanwhile', async () => {
    await start();
    await until(async () => {
      const { services: seen, devices } = await snapshot();
      expect(seen).toEqual({ policy: true, telemetry: true });
      expect(devices[0]?.answers).toBe(true);
    });
    await services.stop();
    await until(async () => {
      const { services: seen, devices } = await snapshot();
      expect(seen).toEqual({ policy: false, telemetry: false });
      expect(devices[0]!.answers).toBe(false);
    });
    await services.start();
    await until(async () => {
      const seen = await snapshot();
      expect(seen.services).toEqual({ policy: true, telemetry: true });
      expect(seen.devices[0]!.answers).toBe(true);
      expect(seen.events.map(({ kind }) => kind)).toEqual(expect.arrayContaining(['good', 'bad']));
    });
  });

  it('starts without any of its services', async () => {
    await services.stop();
    await start();
    expect(await snapshot()).toMatchObject({ learner: null, devices: [], nodes: [], links: [], traces: [] });
  });
});

describe('a page', () => {
  it('gets the history, then the cell’s state again and again', async () => {
    await start();
    const events = eventsOf(`http://${app.address}/events`);
    const [history, first, ...more] = await take(events, 4);
    expect(history).toMatchObject({ event: 'history' });
    expect(history!.data).toBeInstanceOf(Array);
    expect(first).toMatchObject({ event: 'snapshot', data: { cellId: 'cell-1' } });
    expect(more.map(({ event }) => event)).toContain('snapshot');
  });

  it('is told of each frame, once someone drives the cell', async () => {
    const parent = parentDouble();
    await start({}, { parent });
    // The machine slept an hour, or was set back by one, since the console began.
    const now = Date.now() - 3_600_000;
    parent.tell({
      kind: 'frames',
      at: now,
      answered: [frame({ at: now, responseMs: 60 }), frame({ at: now, responseMs: 100, correct: false })],
      failed: [],
    });
    const seen = await snapshot();
    expect(seen.hasFrames).toBe(true);
    expect(seen.recent).toMatchObject({ meanMs: 80, right: 0.5 });
    expect(seen.traces.map(({ responseMs }) => responseMs)).toEqual([100, 60]);
    const points = eventsOf(`http://${app.address}/events`);
    for await (const { event, data } of points)
      if (event === 'point') {
        expect(data as Point).toMatchObject({ meanMs: 80, p50Ms: 80, right: 0.5 });
        break;
      }
  });

  it('is one of at most 16', async () => {
    await start();
    const open = Array.from({ length: 16 }, () => eventsOf(`http://${app.address}/events`));
    await Promise.all(open.map((events) => events.next()));
    expect(await ask('/events')).toMatchObject({ status: 503 });
    await Promise.all(open.map((events) => events.return()));
    await until(async () => {
      const again = eventsOf(`http://${app.address}/events`);
      expect((await again.next()).value).toMatchObject({ event: 'history' });
      await again.return();
    });
  });

  it('gets nothing from elsewhere, and may embed nothing', async () => {
    await start();
    const { headers, body, status } = await ask('/');
    expect(status).toBe(200);
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(headers['content-security-policy']).not.toContain('unsafe');
    expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' });
    expect(body).not.toMatch(/https?:\/\/|<style|style=|<script>|onclick/);
    expect(await ask('/../package.json')).toMatchObject({ status: 404 });
    expect(await ask('/%2e%2e/src/main.ts')).toMatchObject({ status: 404 });
    expect(await ask('/', { method: 'PUT' })).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
  });

  it('gets only what it lacks', async () => {
    await start();
    const { headers } = await ask('/style.css');
    expect(await ask('/style.css', { headers: { 'if-none-match': headers.etag } })).toMatchObject({
      status: 304,
      body: '',
    });
  });
});

describe('control', () => {
  it('moves the floor and leaves the rest of the objective', async () => {
    await start();
    expect(await control({ kind: 'floor', floor: 0.78 })).toMatchObject({ status: 200 });
    expect(services.asked.objective).toMatchObject({ accuracyFloor: 0.78, deadlineMs: 900, tailWeight: 0.5 });
    await until(async () => expect((await snapshot()).learner!.floor).toBe(0.78));
  });

  it('can go back to a learner of a file that it saw running', async () => {
    services.asked.learner = 'mine.ts';
    await start();
    await until(async () => expect((await snapshot()).learners).toContain('mine.ts'));
    expect(await control({ kind: 'learner', learner: 'planner' })).toMatchObject({ status: 200 });
    await until(async () => expect((await snapshot()).learner!.name).toBe('planner'));
    expect((await snapshot()).learners).toContain('mine.ts');
    expect(await control({ kind: 'learner', learner: 'mine.ts' })).toMatchObject({ status: 200 });
    expect(services.asked.learner).toBe('mine.ts');
  });

  it('switches the learner', async () => {
    await start();
    expect(await control({ kind: 'learner', learner: 'edge-only' })).toMatchObject({ status: 200 });
    expect(services.asked.learner).toBe('edge-only');
  });

  it('asks the process that emulates the cell, and shows its answer', async () => {
    const parent = parentDouble();
    await start({}, { parent });
    const links = [{ deviceId: 'device-1', nodeId: 'edge-1', condition: 'normal' as const }];
    parent.tell({ kind: 'cell', emulation: { links, devices: [{ id: 'device-1', slowdown: 1 }] } });
    const change = { kind: 'link', deviceId: 'device-1', nodeId: 'edge-1', condition: 'cut' };
    parent.answer = ({ id }) => ({ kind: 'done', id });
    expect(await control(change)).toMatchObject({ status: 200 });
    expect(parent.sent).toMatchObject([{ kind: 'change', change }]);
    parent.answer = ({ id }) => ({ kind: 'done', id, error: 'no such link' });
    const refused = await control(change);
    expect(refused.status).toBe(502);
    expect(refused.body).toContain('no such link');
  });

  it('changes nothing that is not emulated', async () => {
    await start();
    expect(await control({ kind: 'speed', deviceId: 'device-1', slowdown: 2 })).toMatchObject({
      status: 409,
    });
  });

  it.each([
    ['a page of another site', { origin: 'http://evil.example' }, 403],
    ['a program that names no origin', { origin: undefined }, 403],
    ['a sandboxed frame', { origin: 'null' }, 403],
    ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
    ['a script without our header', { 'x-weir-console': undefined }, 403],
    ['another site’s fetch', { 'sec-fetch-site': 'cross-site' }, 403],
    ['another port of this machine', { 'sec-fetch-site': 'same-site' }, 403],
    ['a name that was made to lead here', { host: 'evil.example', origin: 'http://evil.example' }, 421],
  ])('is refused to %s', async (_who, headers, status) => {
    await start();
    expect(await control({ kind: 'floor', floor: 0.1 }, headers)).toMatchObject({ status });
    expect(services.asked.objective).toBeUndefined();
  });

  it.each([
    ['no JSON', '{', 400],
    ['too long', `{"kind":"floor","floor":0.5,"more":"${'x'.repeat(5_000)}"}`, 413],
    ['a floor above 1', { kind: 'floor', floor: 75 }, 400],
    ['a learner that does not exist', { kind: 'learner', learner: 'oracle' }, 400],
    ['a field too many', { kind: 'floor', floor: 0.5, cellId: 'other' }, 400],
    ['an unknown kind', { kind: 'reboot' }, 400],
    ['nothing', 'null', 400],
  ])('refuses %s', async (_what, change, status) => {
    await start();
    expect(await control(change)).toMatchObject({ status });
    expect(services.asked).toEqual({});
  });

  it('is refused by a read-only console', async () => {
    await start({ readOnly: true });
    expect((await snapshot()).mayControl).toBe(false);
    expect(await control({ kind: 'floor', floor: 0.5 })).toMatchObject({ status: 409 });
    expect(services.asked.objective).toBeUndefined();
  });

  it('is told when the service is away', async () => {
    await start();
    await services.stop();
    expect(await control({ kind: 'learner', learner: 'edge-only' })).toMatchObject({ status: 503 });
  });

  it('answers though many connections are open that ask for nothing', async () => {
    await start();
    const { hostname, port } = new URL(`http://${app.address}`);
    const silent = Array.from({ length: 200 }, () => connectTcp(Number(port), hostname));
    for (const socket of silent) socket.on('error', () => {});
    await vi.waitFor(() => expect(silent.every(({ connecting }) => !connecting)).toBe(true));
    expect((await ask('/snapshot')).status).toBe(200);
    for (const socket of silent) socket.destroy();
  });
});

function parentDouble() {
  let listener: (message: ToConsole) => void = () => {};
  const double = {
    sent: [] as FromConsole[],
    answer: undefined as ((message: FromConsole) => ToConsole) | undefined,
    tell: (message: ToConsole) => listener(message),
    onMessage: (told: typeof listener) => void (listener = told),
    send(message: FromConsole) {
      double.sent.push(message);
      if (double.answer) listener(double.answer(message));
    },
  };
  return double;
}

/** Events of a stream, as a browser reads them. */
async function* eventsOf(url: string): AsyncGenerator<{ event: string; data: unknown }, void, void> {
  const stop = new AbortController();
  try {
    const response = await fetch(url, { signal: stop.signal });
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      const parts = text.split('\n\n');
      text = parts.pop()!;
      for (const part of parts) {
        const [, event] = /^event: (.*)$/m.exec(part) ?? [];
        const [, data] = /^data: (.*)$/m.exec(part) ?? [];
        if (event !== undefined && data !== undefined) yield { event, data: JSON.parse(data) as unknown };
      }
    }
  } finally {
    stop.abort();
  }
}

async function take<T>(values: AsyncGenerator<T>, count: number): Promise<T[]> {
  const taken: T[] = [];
  for await (const value of values) if (taken.push(value) === count) break;
  return taken;
}
