import { createLogger, loadConfig, runMain } from '@weir/base';
import { startTracing } from '@weir/telemetry';
import { once } from 'node:events';
import { startInferenceWorker } from './app.ts';
import { configSpec } from './config.ts';

const service = 'inference-worker';

await runMain(async ({ signal }) => {
  const config = loadConfig(configSpec, { argv: process.argv.slice(2), env: process.env });
  const logger = createLogger({ service, level: config.logLevel });
  await using _tracing = await startTracing({ service, cell: config.cellId, node: config.nodeId, logger });
  await using app = await startInferenceWorker(config, { logger });
  process.stdout.write(`${JSON.stringify({ service, address: app.address })}\n`);
  if (!signal.aborted) await once(signal, 'abort');
});
