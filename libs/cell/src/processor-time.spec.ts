import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { processorMeter, processorTime } from './processor-time.ts';

it('counts what a thread had used after it has ended', async () => {
  const meter = processorMeter([process.pid]);
  const worker = new Worker(
    `const { parentPort } = require('node:worker_threads');
     const until = Date.now() + 200;
     while (Date.now() < until) Math.random();
     parentPort.postMessage('worked');
     parentPort.once('message', () => {});`,
    { eval: true },
  );
  await once(worker, 'message');
  const before = meter();
  await worker.terminate();
  const after = meter();
  expect(after.all).toBeGreaterThanOrEqual(before.all);
  expect(after.main).toBeLessThanOrEqual(after.all);
  // What this spec is about: a plain reading loses the thread.
  expect(processorTime([process.pid]).all).toBeLessThan(after.all);
});
