import {
  asConfigError,
  type Clock,
  ConfigError,
  createLogger,
  type Logger,
  systemClock,
  WeirError,
} from '@weir/base';
import { learnerName } from '@weir/learning';
import { policy } from '@weir/proto';
import { serve } from '@weir/rpc';
import { openStore, storeNotWritable } from '@weir/storage';
import { createNoopMeter, type Meter } from '@weir/telemetry';
import { Attendance } from './cell/attendance.ts';
import { Cells } from './cell/cells.ts';
import { Families } from './cell/families.ts';
import { asConfigFault } from './config-fault.ts';
import { type Config, configSpec } from './config.ts';
import { openConfiguredStore, reopenMs } from './journal/configured-store.ts';
import { type Learners, learnersOf } from './cell/learners.ts';
import { FleetPrior } from './fleet/fleet-prior.ts';
import { internalErrors } from './internal-errors.ts';
import { knownFamiliesOf } from './known-families-of.ts';
import { createPolicyMetrics } from './metrics.ts';
import { OutcomePace } from './sessions/outcome-pace.ts';
import { policyService } from './service.ts';

export interface PolicyServiceApp extends AsyncDisposable {
  /** `HOST:PORT` as bound. */
  readonly address: string;
  /** Aborts, with the reason, when the service can go on no longer and only a new process can help. */
  readonly failed: AbortSignal;
}

export interface PolicyServiceDeps {
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** @default all of libs/learning and the configured one, each cell with its own chance from the configured seed */
  readonly learners?: Learners;
  /** @default one that measures nothing */
  readonly meter?: Meter;
  /** @default openStore of libs/storage */
  readonly store?: typeof openStore;
  /** Aborted to give up the start: it may have to learn long from its journal. @default never */
  readonly signal?: AbortSignal;
}

/** How long a stream may stay without its Hello, ms. */
const helloTimeoutMs = 10_000;
/** Time between two statuses to a watcher, ms. */
const statusMs = 1_000;
/** Changes that come close together are planned for together: least time between plans, as a share of the regular. */
const leastReplanShare = 0.1;

/**
 * Serves PolicyService until disposed: begins when all that was acknowledged before has been learned again. While nothing
 * can be written it is not ready, and tries again. Throws when the signal is aborted before it has begun. Disposing
 * ends the sessions (agents go on by their last directives), saves what was learned, and closes the store.
 */
export async function startPolicyService(
  config: Config,
  {
    clock = systemClock,
    logger = createLogger({ service: 'policy-service', level: config.logLevel }),
    learners = configuredLearners(config),
    meter = createNoopMeter(),
    store: open = openStore,
    signal,
  }: PolicyServiceDeps = {},
): Promise<PolicyServiceApp> {
  const { accuracyFloor, deadlineMs, meanWeight, tailWeight, energyMsPerJ, allowedTiers } = config;
  const { looks: maxLooks, audits: auditShare } = config;
  const { leaseMs, replanMs, graceMs, snapshotMs, maxCells, maxDevices, maxWatches } = config;
  const known = config.models && (await knownFamiliesOf(config.models).catch(asConfigFault('--models')));
  if (known && accuracyFloor > known.bestAccuracy)
    throw new ConfigError(configSpec.name, [
      {
        field: '--accuracy-floor',
        description: `${accuracyFloor} exceeds the accuracy of the best variant, ${known.bestAccuracy}`,
      },
    ]);
  await using started = new AsyncDisposableStack();
  let [ready, reachable] = [false, true];
  let showReadiness = () => {};
  const store = await openConfiguredStore(config, {
    open,
    clock,
    logger,
    signal,
    onReachable(now) {
      reachable = now;
      showReadiness();
    },
    onFenced: (cellId) => cells.lose(cellId),
    onCutOff: () => cells.loseAll(),
    closing: started,
  });
  const stopping = new AbortController();
  const metrics = createPolicyMetrics(meter);
  const errors = internalErrors(logger, (activity) => metrics.internalError(activity));
  const fleet =
    config.fleetPriorMs > 0
      ? started.use(await FleetPrior.open({ store, clock, logger, everyMs: config.fleetPriorMs }))
      : undefined;
  const pace = started.use(new OutcomePace({ clock, logger }));
  const cells: Cells = started.use(
    new Cells({
      store,
      clock,
      logger,
      learners,
      learner: learnerName(config.learner),
      objective: {
        accuracyFloor,
        deadlineMs,
        meanWeight,
        tailWeight,
        energyMsPerJ,
        allowedTiers,
        maxLooks,
        auditShare,
      },
      times: { leaseMs, replanMs, leastReplanMs: replanMs * leastReplanShare, graceMs },
      snapshotMs,
      versionMs: config.snapshotVersionMs,
      maxCells,
      cellsPerCaller: config.cellsPerCaller,
      idleMs: config.idleCellMs,
      maxDevices,
      errors,
      families: known,
      prior: () => fleet?.current,
      signal: AbortSignal.any([stopping.signal, ...(signal ? [signal] : [])]),
      outcomePauseMs: () => pace.outcomePauseMs,
      onPlanned: (plan) => metrics.planned(plan),
    }),
  );
  started.use(
    new Attendance({
      cells,
      store,
      clock,
      logger,
      expireMs: config.expireCells,
      onExpired: () => metrics.cellExpired(),
    }),
  );
  const families = started.use(new Families({ cells, clock, logger }));
  let trying = false;
  ready = await openStored(cells, logger);
  metrics.watch(cells);
  metrics.watchPace(pace);
  const server = started.use(
    await serve({
      listen: config.listen,
      services: [
        {
          definition: policy.PolicyServiceService,
          implementation: policyService({
            cells,
            families,
            store,
            learners,
            clock,
            logger,
            helloTimeoutMs,
            statusMs,
            maxWatches,
          }),
        },
      ],
      tls: { cert: config.tlsCert, key: config.tlsKey, ca: config.tlsCa, crl: config.tlsCrl },
      allowPlaintext: config.allowPlaintext,
      reflection: config.reflection,
      logger,
      meter,
    }).catch(asConfigError(configSpec.name)),
  );
  await store.share?.(config.advertise ?? server.address);
  showReadiness = () => server.setServing(ready && reachable && !store.failed.aborted);
  showReadiness();
  if (!ready)
    started.defer(
      clock.every(reopenMs, () => {
        if (trying || ready) return;
        trying = true;
        void openStored(cells, logger)
          .then((opened) => {
            ready = opened;
            showReadiness();
          })
          .catch((err: unknown) => logger.warn({ err }, 'the stored cells are not opened'))
          .finally(() => (trying = false));
      }),
    );
  // First of all: nobody waits for a cell that is still learning from its journal.
  started.defer(() => stopping.abort());
  store.failed.addEventListener('abort', () => {
    logger.error({ err: store.failed.reason as unknown }, 'the store has failed');
    showReadiness();
  });
  const running = started.move();
  return {
    address: server.address,
    failed: store.failed,
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

/** False when nothing can be written at present. Throws whatever else keeps the cells from being opened. */
async function openStored(cells: Cells, logger: Logger): Promise<boolean> {
  try {
    await cells.openStored();
    return true;
  } catch (err) {
    if (!(err instanceof WeirError && err.reason === storeNotWritable)) throw err;
    logger.error({ err }, `not ready, and trying again: ${err.message}`);
    return false;
  }
}

/** Throws ConfigError when the file of a learner is not there or holds none. */
function configuredLearners(config: Config): Learners {
  try {
    return learnersOf(config);
  } catch (error) {
    if (!(error instanceof WeirError)) throw error;
    throw new ConfigError(configSpec.name, [{ field: '--learner', description: error.message }]);
  }
}
