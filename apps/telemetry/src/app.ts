import { asConfigError, type Clock, createLogger, type Logger, systemClock } from '@weir/base';
import { telemetry } from '@weir/proto';
import { serve } from '@weir/rpc';
import { createNoopMeter, type Meter } from '@weir/telemetry';
import { Cells } from './cells.ts';
import { type Config, configSpec } from './config.ts';
import { Directory } from './directory.ts';
import { createTelemetryMetrics } from './metrics.ts';
import { telemetryService } from './service.ts';

export interface TelemetryApp extends AsyncDisposable {
  /** `HOST:PORT` as bound. */
  readonly address: string;
}

/** Serves Telemetry until disposed; disposing ends all streams, and drains. */
export async function startTelemetry(
  config: Config,
  {
    clock = systemClock,
    logger = createLogger({ service: 'telemetry', level: config.logLevel }),
    meter = createNoopMeter(),
  }: { clock?: Clock; logger?: Logger; meter?: Meter } = {},
): Promise<TelemetryApp> {
  await using started = new AsyncDisposableStack();
  const directory = new Directory({ logger, maxWatches: config.maxTargetWatches });
  const cells = started.use(
    new Cells<telemetry.ReportRequest>({
      clock,
      limits: config,
      onState: (state) => directory.heard(state),
    }),
  );
  const metrics = createTelemetryMetrics(meter);
  metrics.watch(() => cells.count());
  const server = started.use(
    await serve({
      listen: config.listen,
      services: [
        {
          definition: telemetry.TelemetryService,
          implementation: telemetryService({
            cells,
            directory,
            clock,
            coalesceMs: config.coalesceMs,
            metrics,
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
  server.setServing(true);
  const running = started.move();
  return { address: server.address, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
