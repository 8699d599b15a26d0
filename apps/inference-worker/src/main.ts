import { createLogger, loadConfig, quietCollector, runMain } from '@weir/base';
import { startMetrics, startTracing } from '@weir/telemetry';
import { once } from 'node:events';
import { startInferenceWorker } from './app.ts';
import { configSpec } from './config.ts';

const service = 'inference-worker';
quietCollector();

await runMain(async ({ signal }) => {
  const config = loadConfig(configSpec, { argv: process.argv.slice(2), env: process.env });
  const logger = createLogger({ service, level: config.logLevel });
  const identity = { service, cell: config.cellId, node: config.nodeId, logger };
  await using _tracing = await startTracing(identity);
  await using metrics = await startMetrics({ ...identity, listen: config.metrics });
  await using app = await startInferenceWorker(config, { logger, meter: metrics.meter });
  process.stdout.write(`${JSON.stringify({ service, address: app.address, metrics: metrics.address })}\n`);
  if (!signal.aborted) await once(signal, 'abort');
});
