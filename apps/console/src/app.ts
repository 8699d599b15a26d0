import {
  type Clock,
  ConfigError,
  type Logger,
  asConfigError,
  createLogger,
  seededRandom,
  systemClock,
} from '@weir/base';
import type { ToConsole } from '@weir/cell';
import { readFileSync } from 'node:fs';
import { isLoopback, tellMaterial, type TlsFiles } from '@weir/rpc';
import { assemble, pointOf } from './assemble.ts';
import { loadAssets } from './assets.ts';
import { type CellState, Newest, createHistory } from './cell-state.ts';
import { type Config, configSpec } from './config.ts';
import { control } from './control.ts';
import { Emulation, type Parent } from './emulation.ts';
import { EventStream, eventOf } from './event-stream.ts';
import { serveHttp } from './http-server.ts';
import { leastTokenLength, type Login, operatorLogin, tokenLogin } from './login.ts';
import { LiveFrames } from './live-frames.ts';
import type { EventView } from './snapshot.ts';
import { trustEvents } from './trust-events.ts';
import { askAgent, watchPolicy, watchTelemetry } from './sources.ts';

export interface ConsoleApp extends AsyncDisposable {
  /** `HOST:PORT` of the page. */
  readonly address: string;
}

/** Time between two snapshots to the pages, and between two points of the charts, ms. */
const periodMs = { snapshot: 500, point: 1_000 };
const maxEvents = 12;

/** Serves until disposed. Services may be down: the page says what is missing. */
export async function startConsoleApp(
  config: Config,
  {
    clock = systemClock,
    logger = createLogger({ service: 'console', level: config.logLevel }),
    parent,
  }: { clock?: Clock; logger?: Logger; parent?: Parent | undefined } = {},
): Promise<ConsoleApp> {
  await using started = new AsyncDisposableStack();
  const { tlsCert, tlsKey, tlsCa, tlsCrl, allowPlaintext, cellId } = config;
  const security = { tls: { cert: tlsCert, key: tlsKey, ca: tlsCa, crl: tlsCrl }, allowPlaintext };
  const happened = new Newest<EventView>(maxEvents);
  const tell = (kind: EventView['kind'], text: string) =>
    happened.add({ at: Math.round(clock.now()), kind, text });
  const sourceOptions = (address: string, name: string) => ({
    address,
    cellId,
    security,
    clock,
    random: seededRandom(process.pid),
    logger,
    onConnected: (connected: boolean) =>
      tell(connected ? 'good' : 'bad', connected ? `${name} is connected` : `${name} is silent`),
  });
  const policy = started.use(watchPolicy(sourceOptions(config.policy, 'PolicyService')));
  const telemetry = config.telemetry
    ? started.use(watchTelemetry(sourceOptions(config.telemetry, 'Telemetry')))
    : undefined;
  const agents = config.agents.map((address) => started.use(askAgent(address, security)));
  const frames = new LiveFrames();
  const emulation = new Emulation(parent, clock);
  const accuracy = { least: 0, most: 1 };
  // Off loopback the page is read-only.
  const mayControl = !config.readOnly && isLoopback(config.listen);
  const state: CellState = {
    config,
    policy,
    telemetry,
    agents,
    frames,
    emulation,
    mayControl,
    accuracy,
    get events() {
      return happened.all.toReversed();
    },
  };

  parent?.onMessage((message: ToConsole) => {
    if (message.kind === 'frames')
      frames.add(message.answered, message.failed, { aheadMs: clock.now() - message.at });
    else if (message.kind === 'done') emulation.done(message);
    else if (message.kind === 'cell') {
      emulation.state = message.emulation;
      Object.assign(accuracy, message.accuracy);
    } else if (message.kind === 'process') {
      const { kind, name, detail } = message.event;
      if (kind === 'died') tell('bad', `${name} died (${detail})`);
      else if (kind === 'restarted') tell('good', `${name} is back`);
      else if (kind === 'failed') tell('bad', `${name} failed to restart: ${detail}`);
    }
  });

  const events = new EventStream();
  const history = createHistory();
  const snapshotEvent = () => eventOf('snapshot', assemble(state, clock.now()));
  const http = await serveHttp({
    listen: config.listen,
    ...accessOf(config),
    hosts: config.hosts,
    assets: loadAssets(),
    events,
    firstEvents: () => [eventOf('history', history.all), snapshotEvent()],
    snapshot: () => assemble(state, clock.now()),
    async control(body) {
      await control(body, { policy, emulation, mayControl });
      tell('info', describe(body as Record<string, unknown>));
      events.send(snapshotEvent());
    },
    logger,
  }).catch(asConfigError(configSpec.name));
  started.use(http);
  started.defer(
    clock.every(periodMs.snapshot, () => {
      // No page is open: do nothing.
      if (events.pages > 0) events.send(snapshotEvent());
    }),
  );
  const own = started.use(tellMaterial({ logger, clock }));
  const tellTrust = trustEvents((text) => tell('bad', text));
  const askAll = () => {
    for (const source of agents) void source.ask();
    const statuses = agents.flatMap(({ answers, status }) => (answers && status ? [status] : []));
    tellTrust(statuses, own.certificates, clock.now());
  };
  askAll();
  started.defer(
    clock.every(periodMs.point, () => {
      askAll();
      const point = pointOf(state, clock.now());
      history.add(point);
      if (events.pages > 0) events.send(eventOf('point', point));
    }),
  );
  const running = started.move();
  return { address: http.address, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** How the page is served, and to whom. Throws ConfigError for a token that cannot be read or could be guessed. */
function accessOf(config: Config): { login: Login | undefined; tls: TlsFiles | undefined } {
  const { tokenFile, listenTlsCert: cert, listenTlsKey: key, listenTlsCa: ca, listenTlsCrl: crl } = config;
  const tls = (cert ?? key ?? ca ?? crl) ? { cert, key, ca, crl } : undefined;
  if (tokenFile === undefined)
    return { login: ca === undefined ? undefined : operatorLogin(config.cellId), tls };
  const fault = (description: string) =>
    new ConfigError(configSpec.name, [{ field: '--token-file', description: `${tokenFile} ${description}` }]);
  let token: string;
  try {
    token = readFileSync(tokenFile, 'utf8').trim();
  } catch (error) {
    throw fault(`cannot be read: ${(error as Error).message}`);
  }
  if (token.length < leastTokenLength) throw fault(`holds no ${leastTokenLength} characters`);
  return { login: tokenLogin(token, { secure: tls !== undefined }), tls };
}

/** Describes a change that was made; it has been validated. */
function describe(change: Record<string, unknown>): string {
  const { kind, floor, learner, deviceId, nodeId, condition, slowdown } = change;
  if (kind === 'floor') return `floor set to ${((floor as number) * 100).toFixed(1)} %`;
  if (kind === 'learner') return `learner is now ${String(learner)}`;
  if (kind === 'link') return `link ${String(deviceId)} – ${String(nodeId)}: ${String(condition)}`;
  return `${String(deviceId)} is slowed down ${String(slowdown)}×`;
}
