import { createLogger, loadConfig, runMain } from '@weir/base';
import { startMetrics } from '@weir/telemetry';
import { once } from 'node:events';
import { startDeviceAgent } from './app.ts';
import { configSpec } from './config.ts';

const service = 'device-agent';

await runMain(async ({ signal }) => {
  const config = loadConfig(configSpec, { argv: process.argv.slice(2), env: process.env });
  const logger = createLogger({ service, level: config.logLevel });
  const { cellId: cell, deviceId: node, metrics: listen } = config;
  await using metrics = await startMetrics({ service, cell, node, listen, logger });
  await using app = await startDeviceAgent(config, { logger, meter: metrics.meter });
  // Only the process that started this one may change what is emulated; no RPC can.
  process.on('message', (message) => {
    const { slowDown } = (message ?? {}) as { slowDown?: unknown };
    if (typeof slowDown !== 'number') return;
    try {
      app.slowDown(slowDown);
      logger.info({ factor: slowDown }, 'emulated processor slowed down');
    } catch (err) {
      logger.warn({ err, factor: slowDown }, 'cannot slow down');
    }
  });
  process.stdout.write(
    `${JSON.stringify({ service, address: app.address, web: app.webAddress, metrics: metrics.address })}\n`,
  );
  if (!signal.aborted) await once(signal, 'abort');
});
