import { createLogger, loadConfig, runMain } from '@weir/base';
import { startMetrics } from '@weir/telemetry';
import { once } from 'node:events';
import { startTelemetry } from './app.ts';
import { configSpec } from './config.ts';

const service = 'telemetry';

await runMain(async ({ signal }) => {
  const config = loadConfig(configSpec, { argv: process.argv.slice(2), env: process.env });
  const logger = createLogger({ service, level: config.logLevel });
  await using metrics = await startMetrics({ service, listen: config.metrics, logger });
  await using app = await startTelemetry(config, { logger, meter: metrics.meter });
  process.stdout.write(`${JSON.stringify({ service, address: app.address, metrics: metrics.address })}\n`);
  if (!signal.aborted) await once(signal, 'abort');
});
