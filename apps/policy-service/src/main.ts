import { createLogger, Exit, loadConfig, patientCollector, runMain } from '@weir/base';
import { startMetrics } from '@weir/telemetry';
import { once } from 'node:events';
import { startPolicyService } from './app.ts';
import { configSpec } from './config.ts';

const service = 'policy-service';
patientCollector();

await runMain(async ({ signal }) => {
  const config = loadConfig(configSpec, { argv: process.argv.slice(2), env: process.env });
  const logger = createLogger({ service, level: config.logLevel });
  await using metrics = await startMetrics({ service, listen: config.metrics, logger });
  await using app = await startPolicyService(config, { logger, meter: metrics.meter, signal }).catch(
    (error: unknown) => {
      if (!signal.aborted) throw error;
      return undefined;
    },
  );
  if (!app) return Exit.done;
  process.stdout.write(`${JSON.stringify({ service, address: app.address, metrics: metrics.address })}\n`);
  const over = AbortSignal.any([signal, app.failed]);
  if (!over.aborted) await once(over, 'abort');
  return app.failed.aborted ? Exit.failed : Exit.done;
});
