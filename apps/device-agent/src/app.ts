import {
  asConfigError,
  ConfigError,
  type Clock,
  createLogger,
  type Logger,
  seededRandom,
  systemClock,
  Unavailable,
} from '@weir/base';
import { createPreprocessor, expectedAccuracy, loadFamily } from '@weir/inference';
import { createDispatcher, type EjectionChange } from '@weir/dispatch';
import { defaultObjective, type Objective } from '@weir/domain';
import { type OipBackend, oipService } from '@weir/oip';
import { agent } from '@weir/proto';
import { PeerFaults, serve } from '@weir/rpc';
import { createEnergyProbe, createNoopMeter, type Meter, startTracing } from '@weir/telemetry';
import { everyCell, limits, type TargetAddress } from '@weir/wire';
import { randomUUID } from 'node:crypto';
import { type Agent, createAgent } from './agent.ts';
import { Audits } from './audits/audits.ts';
import { CellView } from './targets/cell-view.ts';
import { type Config, configSpec } from './config.ts';
import { FrameCount } from './frames/frame-count.ts';
import { renewFamily } from './family-renewal.ts';
import { knownFamily } from './targets/known-family.ts';
import { startLocalModels } from './targets/local-models.ts';
import { LocalTarget } from './targets/local-target.ts';
import { createAgentMetrics } from './telemetry/metrics.ts';
import { oipBackend } from './oip-backend.ts';
import { OutcomeBuffer } from './policy/outcome-buffer.ts';
import { OwnObjective } from './policy/own-objective.ts';
import { linkPolicy, type PolicyLink } from './policy/policy-link.ts';
import { deviceAgentService } from './service.ts';
import { AnswerMemory } from './truth/answer-memory.ts';
import { DecisionTrace } from './trace/decision-trace.ts';
import { Truths } from './truth/truths.ts';
import { linkTelemetry } from './telemetry/telemetry-link.ts';
import { DiscoveredTargets } from './targets/discovery/discovered-targets.ts';
import { linkOipServer } from './targets/oip/oip-link.ts';
import { linkWorker } from './targets/worker-link.ts';
import { asOwnFlags, ownSecurityOf } from './security.ts';

export interface DeviceAgentApp extends AsyncDisposable {
  /** `HOST:PORT` as bound. */
  readonly address: string;
  /** The same for pages in browsers; undefined when they are not served. */
  readonly webAddress: string | undefined;
  /** Like `LocalModels.slowDown`: changes the device's own service times under a running learner. */
  slowDown(factor: number): void;
}

/** Period of updating the fallback costs from the device's own measurements, ms. */
const refreshPeriodMs = 1_000;

/**
 * Serves until disposed. Resolves once the device's own variants are warm; neither the policy nor any target needs to be
 * up. Disposing drains: frames in flight finish, the last outcomes leave, then everything closes.
 */
export async function startDeviceAgent(
  config: Config,
  {
    clock = systemClock,
    logger = createLogger({ service: 'device-agent', level: config.logLevel }),
    meter = createNoopMeter(),
  }: { clock?: Clock; logger?: Logger; meter?: Meter } = {},
): Promise<DeviceAgentApp> {
  const { deviceId, cellId, slots, maxInFlight } = config;
  const instanceId = randomUUID();
  const random = seededRandom(config.seed).fork(deviceId);
  await using started = new AsyncDisposableStack();
  started.use(await startTracing({ service: 'device-agent', cell: cellId, node: deviceId, logger }));

  // Listens from the start, so that health can say NOT_SERVING while the variants warm up.
  const warm: { agent?: Agent; oip?: OipBackend } = {};
  const server = await serve({
    listen: config.listen,
    services: [
      {
        definition: agent.DeviceAgentService,
        implementation: deviceAgentService(() => {
          if (warm.agent) return warm.agent;
          throw new Unavailable('the device is warming up', { reason: 'WARMING_UP', retryAfterMs: 1_000 });
        }),
      },
      oipService({ backend: () => warm.oip, clock, logger, maxUnanswered: maxInFlight }),
    ],
    ...ownSecurityOf(config),
    serves: { cellId, deviceId },
    reflection: config.reflection,
    ...(config.webListen && { web: { listen: config.webListen, origins: config.webOrigins } }),
    drainGraceMs: config.graceMs,
    logger,
    meter,
  })
    .catch(asOwnFlags)
    .catch(asConfigError(configSpec.name));
  // Drain the server first, whatever is opened below.
  await using late = new AsyncDisposableStack();
  late.use(server);

  const family = await loadFamily(config.models);
  const bestAccuracy = Math.max(...family.variants.map(expectedAccuracy));
  if (config.accuracyFloor !== undefined && config.accuracyFloor > bestAccuracy)
    throw new ConfigError(configSpec.name, [
      {
        field: '--accuracy-floor',
        description: `${config.accuracyFloor} exceeds the accuracy of the best variant, ${bestAccuracy}`,
      },
    ]);
  const energy = createEnergyProbe({
    model: { idleW: config.idleWatts, busyW: config.busyWatts },
    // The machine's counters know nothing of an emulated processor.
    source: config.dilationFactor > 0 ? 'model' : 'auto',
    clock,
  });
  const models = started.use(await startLocalModels(config, { family, energy, clock, logger }));
  const localVariants = () => models.figures().map(({ variant }) => variant);
  const known = knownFamily(family);
  const { variants, looks } = known;
  const dispatcher = createDispatcher({
    deviceId,
    localNode: { id: deviceId, tier: 'device', slots, variants: localVariants() },
    variants,
    ...(looks && { looks }),
    objective: defaultObjective,
    // A cell may allow its frames less than every tier, and only its policy knows.
    undirectedTiers: config.policy ? (config.allowedTiers ?? ['device']) : undefined,
    random: random.fork('dispatch'),
    now: clock.now(),
    hedgeShare: config.hedgeShare,
    onEjection: tellEjection(logger),
  });
  dispatcher.setFamily(known);
  const local = new LocalTarget({
    deviceId,
    runner: models.runner,
    clock,
    energyOf: (work) => energy.energyOfInference({ ...work, cpuShare: 1 / slots }),
  });
  const view = new CellView({
    dispatcher,
    local,
    localFigures: models.figures,
    known,
    clock,
    logger,
  });
  const ownObjective = new OwnObjective(dispatcher, {
    own: requestedObjective(config),
    cell: defaultObjective,
  });
  const outcomes = new OutcomeBuffer(config.outcomeBuffer);
  const metrics = createAgentMetrics(meter);
  const truths = new Truths(new AnswerMemory({ clock }), family.labels);
  const trace = new DecisionTrace();
  const frames = new FrameCount(maxInFlight, { clock });
  const faults = new PeerFaults({ meter, clock });
  const common = { config, view, clock, random, logger, metrics, faults };
  let policyLink: PolicyLink | undefined;
  const onChange = () => policyLink?.session.stateChanged();
  const preprocessor = started.use(createPreprocessor());
  for (const target of config.targets)
    started.use(
      configured(() =>
        target.oip
          ? linkOipServer(target, target.oip, { ...common, preprocessor, onChange })
          : linkWorker(target, { ...common, onChange }),
      ),
    );
  if (config.policy)
    policyLink = started.use(
      linkPolicy(config.policy, {
        ...common,
        instanceId,
        dispatcher,
        outcomes,
        truths,
        trace,
        ownObjective,
      }),
    );
  if (config.telemetry) {
    const discovered = config.discover
      ? started.use(
          new DiscoveredTargets({
            // Telemetry says where it is; that it is this worker, its own certificate says.
            use(target) {
              const node = { nodeId: target.nodeId, cellIds: [cellId, everyCell] };
              return linkWorker(target, { ...common, node, onChange });
            },
            taken: new Set([deviceId, ...config.targets.map(({ nodeId }) => nodeId)]),
            most: Math.max(0, limits.targets - config.targets.length),
            clock,
            logger,
            onChange,
          }),
        )
      : undefined;
    const onTargets = discovered && ((targets: readonly TargetAddress[]) => discovered.take(targets));
    started.use(
      linkTelemetry(config.telemetry, { ...common, energy, onTargets, status: () => warm.agent?.status() }),
    );
  }
  started.defer(clock.every(refreshPeriodMs, () => view.refresh()));

  // Ends before the server drains: nobody waits for an audit.
  const audits = late.use(
    new Audits({
      deviceId,
      dispatcher,
      target: (nodeId) => view.target(nodeId),
      framesInFlight: () => frames.read().inFlight,
      clock,
      random: random.fork('audits'),
      logger,
      record(outcome, confidence) {
        outcomes.add(outcome, confidence);
        policyLink?.session.outcomesAdded();
      },
      onEnded: (result, energyJ) => metrics.audited(result, energyJ),
    }),
  );
  warm.agent = createAgent({
    deviceId,
    cellId,
    instanceId,
    maxInFlight,
    clock,
    logger,
    dispatcher,
    view,
    frames,
    outcomes,
    ownObjective,
    truths,
    audits,
    trace,
    localVariants,
    localNode: local,
    faults,
    certificates: () => server.certificates,
    session: () => policyLink?.session,
    metrics,
  });
  warm.oip = oipBackend(warm.agent, { view, slots });
  const { models: folder } = config;
  const renewal = { models: folder, localModels: models, dispatcher, view, policy: policyLink };
  started.use(renewFamily({ ...renewal, clock, logger }));
  server.setServing(true);
  started.use(late.move());
  const running = started.move();
  return {
    address: server.address,
    webAddress: server.webAddress,
    slowDown: models.slowDown,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

const tellEjection =
  (logger: Logger) =>
  ({ nodeId: node, variant, ejected, reason, pauseMs }: EjectionChange): void => {
    if (ejected)
      logger.warn(
        { node, variant, reason, pauseMs },
        'target ejected: it gets no frames until a probe does well',
      );
    else logger.info({ node, variant, reason }, 'target in use again: a probe did well');
  };

/** What it refuses came from the configuration. */
function configured<T>(start: () => T): T {
  try {
    return start();
  } catch (error) {
    return asConfigError(configSpec.name)(error);
  }
}

/** The objective that the configuration requests on top of the cell's. */
function requestedObjective({
  accuracyFloor,
  deadlineMs,
  allowedTiers,
  looks,
  audits,
}: Config): Partial<Objective> {
  return {
    ...(accuracyFloor === undefined ? {} : { accuracyFloor }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(allowedTiers === undefined ? {} : { allowedTiers }),
    ...(looks === undefined ? {} : { maxLooks: looks }),
    ...(audits === undefined ? {} : { auditShare: audits }),
  };
}
