import { loadConfig, runMain } from '@weir/base';
import { once } from 'node:events';
import { startTelemetry } from './app.ts';
import { configSpec } from './config.ts';

await runMain(async ({ signal }) => {
  const config = loadConfig(configSpec, { argv: process.argv.slice(2), env: process.env });
  await using app = await startTelemetry(config);
  process.stdout.write(`${JSON.stringify({ service: 'telemetry', address: app.address })}\n`);
  if (!signal.aborted) await once(signal, 'abort');
});
