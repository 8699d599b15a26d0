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
import { loadAssets } from './assets.ts';
import { type Config, configSpec } from './config.ts';
import { control } from './control.ts';
import { Emulation, type Parent } from './emulation.ts';
import { EventStream, eventOf } from './event-stream.ts';
import { serveHttp, type Topic } from './http-server.ts';
import { leastTokenLength, type Login, operatorLogin, tokenLogin } from './login.ts';
import { askAgent, listCells } from './sources.ts';
import { type WatchedCell, watchCell } from './watched-cell.ts';
import { WatchedCells } from './watched-cells.ts';

export interface ConsoleApp extends AsyncDisposable {
  /** `HOST:PORT` of the page. */
  readonly address: string;
}

/** Time between two snapshots to the pages, and between two points of the charts, ms. */
const periodMs = { snapshot: 500, point: 1_000 };

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
  const { tlsCert, tlsKey, tlsCa, tlsCrl, allowPlaintext, policy, telemetry } = config;
  const security = { tls: { cert: tlsCert, key: tlsKey, ca: tlsCa, crl: tlsCrl }, allowPlaintext };
  const access = accessOf(config);
  const agents = config.agents.map((address) => started.use(askAgent(address, security, clock)));
  const list =
    telemetry === undefined || config.cellId !== undefined
      ? undefined
      : started.use(listCells(telemetry, security));
  const emulation = new Emulation(parent, clock);
  const events = new EventStream();
  // Off loopback the page is read-only.
  const mayControl = !config.readOnly && isLoopback(config.listen);
  const random = seededRandom(process.pid);
  const shared = { policy, telemetry, security, agents, emulation, mayControl, clock, random, logger };
  const cells = started.use(
    new WatchedCells({
      only: config.cellId,
      list,
      login: access.login,
      open: (cellId) => watchCell({ ...shared, cellId }),
      isShown: (cellId) => events.topics.has(cellId),
    }),
  );
  if (parent) hear(parent, cells.follow(cells.first), { emulation, clock });

  const snapshotOf = (cell: WatchedCell) => eventOf('snapshot', cell.snapshot());
  const topicOf = (cell: WatchedCell): Topic => ({
    name: cell.cellId,
    firstEvents: () => [eventOf('history', cell.history), snapshotOf(cell)],
    snapshot: () => cell.snapshot(),
    async control(body) {
      await control(body, { policy: cell.policy, emulation, mayControl });
      const change = body as Record<string, unknown>;
      const { kind, deviceId, nodeId } = change;
      cell.events.change(JSON.stringify([kind, deviceId, nodeId]), describe(change));
      events.send(cell.cellId, snapshotOf(cell));
    },
  });
  const http = await serveHttp({
    listen: config.listen,
    ...access,
    hosts: config.hosts,
    assets: loadAssets(),
    events,
    cells: (request) => cells.choice(request),
    about(request) {
      const cell = cells.of(request);
      return cell && topicOf(cell);
    },
    logger,
  }).catch(asConfigError(configSpec.name));
  started.use(http);
  started.defer(
    clock.every(periodMs.snapshot, () => {
      // Cells that no page shows cost nothing.
      const { topics } = events;
      for (const cell of cells.watched)
        if (topics.has(cell.cellId)) events.send(cell.cellId, snapshotOf(cell));
    }),
  );
  const own = started.use(tellMaterial({ logger, clock }));
  const look = () => {
    void list?.ask();
    for (const agent of agents) void agent.ask();
    for (const cell of cells.watched) events.send(cell.cellId, eventOf('point', cell.look(own.certificates)));
  };
  look();
  started.defer(clock.every(periodMs.point, look));
  const running = started.move();
  return { address: http.address, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Takes in what the process that runs the cell tells of it. */
function hear(
  parent: Parent,
  { frames, events }: Pick<WatchedCell, 'frames' | 'events'>,
  { emulation, clock }: { emulation: Emulation; clock: Clock },
): void {
  parent.onMessage((message: ToConsole) => {
    if (message.kind === 'frames')
      frames.add(message.answered, message.failed, { aheadMs: clock.now() - message.at });
    else if (message.kind === 'done') emulation.done(message);
    else if (message.kind === 'cell') emulation.state = message.emulation;
    else if (message.kind === 'process') {
      const { kind, name, detail } = message.event;
      if (kind === 'died') events.tell('bad', `${name} died (${detail})`);
      else if (kind === 'restarted') events.tell('good', `${name} is back`);
      else if (kind === 'failed') events.tell('bad', `${name} failed to restart: ${detail}`);
    }
  });
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
