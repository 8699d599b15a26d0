import {
  type Clock,
  asConfigError,
  ConfigError,
  createLogger,
  type Logger,
  type Random,
  seededRandom,
  systemClock,
  WeirError,
} from '@weir/base';
import { type Family, loadFamily, meantBy, watchFamily } from '@weir/inference';
import { type OipBackend, oipService } from '@weir/oip';
import { worker } from '@weir/proto';
import { PeerFaults, serve } from '@weir/rpc';
import {
  assumedPowerModels,
  createEnergyProbe,
  createHostProbe,
  createNodeMonitor,
  createNoopMeter,
  type Meter,
} from '@weir/telemetry';
import { everyCell, tierToWire } from '@weir/wire';
import { availableParallelism } from 'node:os';
import { type Config, configSpec } from './config.ts';
import { createWorkerMetrics, measured } from './telemetry/metrics.ts';
import { createWorkerNode, type WorkerNode } from './node.ts';
import { oipBackend } from './oip-backend.ts';
import { startServedModels } from './served-models.ts';
import { inferenceWorkerService } from './service.ts';
import { advertisedAddress, checkAdvertised } from './telemetry/advertised.ts';
import { linkTelemetry } from './telemetry/telemetry-link.ts';

export interface InferenceWorkerApp extends AsyncDisposable {
  /** `HOST:PORT` as bound. */
  readonly address: string;
}

export interface InferenceWorkerDependencies {
  readonly clock?: Clock;
  readonly random?: Random;
  readonly logger?: Logger;
  /** @default one that measures nothing */
  readonly meter?: Meter;
}

/**
 * Serves the models of one node until disposed. Listens at once, NOT_SERVING; resolves, SERVING, once every variant is
 * warm and measured. Disposing drains: Telemetry is told at once, accepted work is answered, new work gets UNAVAILABLE (reason
 * DRAINING). Throws ConfigError for missing models, variants or TLS files, for plain text to other machines, and where devices
 * would be told of an address that is none.
 */
export async function startInferenceWorker(
  config: Config,
  {
    clock = systemClock,
    random = seededRandom(process.pid),
    logger = createLogger({ service: 'inference-worker', level: config.logLevel }),
    meter = createNoopMeter(),
  }: InferenceWorkerDependencies = {},
): Promise<InferenceWorkerApp> {
  const { slots, queueLimit, threadsPerSession, dilationFactor, nodeId, allowPlaintext } = config;
  const dilated = dilationFactor > 0;
  checkAdvertised(config);
  const family = await familyOf(config);
  const security = {
    tls: { cert: config.tlsCert, key: config.tlsKey, ca: config.tlsCa, crl: config.tlsCrl },
    allowPlaintext,
  };

  await using started = new AsyncDisposableStack();
  const ready: { node?: WorkerNode; oip?: OipBackend } = {};
  const maxUnanswered = slots + queueLimit + 64;
  // Disposed after the server has drained, when its threads are no longer needed.
  const whenDrained = started.use(new AsyncDisposableStack());
  const server = started.use(
    await serve({
      listen: config.listen,
      services: [
        {
          definition: worker.InferenceWorkerService,
          implementation: inferenceWorkerService({
            node: () => ready.node,
            clock,
            logger,
            maxUnanswered,
          }),
        },
        oipService({ backend: () => ready.oip, clock, logger, maxUnanswered }),
      ],
      ...security,
      serves: { cellId: config.cellId, nodeId, everyCell: config.cellId === everyCell },
      reflection: config.reflection,
      drainGraceMs: config.graceMs,
      logger,
      meter,
    }).catch(asConfigError(configSpec.name)),
  );

  const assumed = assumedPowerModels[config.tier];
  const energy = createEnergyProbe({
    model: { idleW: config.idleWatts ?? assumed.idleW, busyW: config.busyWatts ?? assumed.busyW },
    // Counters would measure the real processor, not the emulated one.
    source: dilated ? 'model' : 'auto',
    clock,
  });
  const cpuShare = dilated ? 1 / slots : Math.min(1, threadsPerSession / availableParallelism());
  const models = whenDrained.use(
    await startServedModels({ config, family, energy, cpuShare, clock, logger }),
  );
  const { runner } = models;
  const metrics = createWorkerMetrics(meter, { tier: config.tier });
  metrics.watch(runner);
  const unmeasured = createWorkerNode({
    nodeId,
    tier: config.tier,
    runner,
    family: models.family,
    figures: models.figures,
    energy,
    cpuShare,
    dilationFactor,
    draining: server.draining,
    clock,
  });
  const node = measured(unmeasured, metrics);
  ready.node = node;
  ready.oip = oipBackend(node, { models, nodeId, slots });
  const take = models.renew;
  whenDrained.use(watchFamily({ models: config.models, family, take, clock, logger }));

  if (config.telemetry !== undefined) {
    const monitor = createNodeMonitor({
      cellId: config.cellId,
      nodeId,
      tier: tierToWire(config.tier),
      host: createHostProbe({ clock }),
      energy,
      load: () => node.load(),
      // Emulated nodes share one machine: this node's utilization is that of its slots.
      cpuUtilization: dilated ? () => node.load().utilization : undefined,
      advertisedAddress: advertisedAddress(config, server.address),
    });
    const sample = () => ({ ...monitor.sample(), agent: undefined });
    const onOpen = () => metrics.opening();
    const onFault = new PeerFaults({ meter, clock }).of('telemetry');
    whenDrained.use(
      linkTelemetry(config.telemetry, {
        ...security,
        sample,
        // Nobody is to be told any longer to send frames here.
        promptly: server.draining,
        clock,
        random,
        logger,
        onOpen,
        onFault,
      }),
    );
  }
  server.setServing(true);
  const running = started.move();
  return { address: server.address, [Symbol.asyncDispose]: () => running.disposeAsync() };
}

/** Family and variants come from the configuration, so their faults are configuration faults. */
async function familyOf(config: Config): Promise<Family> {
  let family: Family;
  try {
    family = await loadFamily(config.models);
  } catch (error) {
    if (!(error instanceof WeirError)) throw error;
    throw new ConfigError(configSpec.name, [{ field: '--models', description: error.message }]);
  }
  const known = family.variants.map(({ name }) => name);
  const faults = config.variants
    .filter((name) => meantBy([name], family).length === 0)
    .map((name) => ({
      field: '--variants',
      description: `${family.name} has no ${name}; it has ${known.join(', ')}`,
    }));
  if (faults.length > 0) throw new ConfigError(configSpec.name, faults);
  return family;
}
