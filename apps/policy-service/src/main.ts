import { Exit, loadConfig, runMain } from '@weir/base';
import { once } from 'node:events';
import { startPolicyService } from './app.ts';
import { configSpec } from './config.ts';

await runMain(async ({ signal }) => {
  const config = loadConfig(configSpec, { argv: process.argv.slice(2), env: process.env });
  await using app = await startPolicyService(config);
  process.stdout.write(`${JSON.stringify({ service: 'policy-service', address: app.address })}\n`);
  const over = AbortSignal.any([signal, app.failed]);
  if (!over.aborted) await once(over, 'abort');
  return app.failed.aborted ? Exit.failed : Exit.done;
});
