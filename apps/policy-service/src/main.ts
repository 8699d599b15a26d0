import { loadConfig, runMain } from '@weir/base';
import { once } from 'node:events';
import { startPolicyService } from './app.ts';
import { configSpec } from './config.ts';

await runMain(async ({ signal }) => {
  const config = loadConfig(configSpec, { argv: process.argv.slice(2), env: process.env });
  await using app = await startPolicyService(config);
  process.stdout.write(`${JSON.stringify({ service: 'policy-service', address: app.address })}\n`);
  if (!signal.aborted) await once(signal, 'abort');
});
