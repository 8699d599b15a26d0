import { createLogger, loadConfig, runMain } from '@weir/base';
import { once } from 'node:events';
import { startConsoleApp } from './app.ts';
import { configSpec } from './config.ts';
import { parentProcess } from './emulation.ts';

const service = 'console';

await runMain(async ({ signal }) => {
  const config = loadConfig(configSpec, { argv: process.argv.slice(2), env: process.env });
  const logger = createLogger({ service, level: config.logLevel });
  await using app = await startConsoleApp(config, { logger, parent: parentProcess() });
  process.stdout.write(
    `${JSON.stringify({ service, address: app.address, secure: config.listenTlsCert !== undefined })}\n`,
  );
  if (!signal.aborted) await once(signal, 'abort');
});
