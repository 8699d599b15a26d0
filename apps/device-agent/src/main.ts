import { createLogger, loadConfig, runMain } from '@weir/base';
import { once } from 'node:events';
import { startDeviceAgent } from './app.ts';
import { configSpec } from './config.ts';

await runMain(async ({ signal }) => {
  const config = loadConfig(configSpec, { argv: process.argv.slice(2), env: process.env });
  const logger = createLogger({ service: 'device-agent', level: config.logLevel });
  await using app = await startDeviceAgent(config, { logger });
  // Emulation is the business of whoever started this process; there is no RPC for it.
  process.on('message', (message) => {
    const { slowDown } = (message ?? {}) as { slowDown?: unknown };
    if (typeof slowDown !== 'number') return;
    try {
      app.slowDown(slowDown);
      logger.info({ times: slowDown }, 'the emulated processor is so many times as slow');
    } catch (err) {
      logger.warn({ err, times: slowDown }, 'cannot slow down');
    }
  });
  process.stdout.write(`${JSON.stringify({ service: 'device-agent', address: app.address })}\n`);
  if (!signal.aborted) await once(signal, 'abort');
});
