import { FakeClock, seededRandom, silentLogger } from '@weir/base';
import { common, telemetry } from '@weir/proto';
import { clientStream, serve, serverStream, unary } from '@weir/rpc';
import { expect, it } from 'vitest';
import { linkTelemetry } from './telemetry-link.ts';

async function startCollector(listen = '127.0.0.1:0') {
  const reports: telemetry.ReportRequest[] = [];
  const implementation: telemetry.TelemetryServer = {
    report: clientStream(async (requests: AsyncIterable<telemetry.ReportRequest>, { draining }) => {
      const end = new Promise((resolve) => draining.addEventListener('abort', resolve));
      const read = async () => {
        for await (const report of requests) reports.push(report);
      };
      await Promise.race([read(), end]);
      return { accepted: reports.length };
    }),

    watchCell: serverStream(async function* () {}),
    watchTargets: serverStream(async function* () {}),
    getCell: unary(() => telemetry.GetCellResponse.create()),
    listCells: unary(() => telemetry.ListCellsResponse.create()),
  };
  const server = await serve({
    listen,
    services: [{ definition: telemetry.TelemetryService, implementation }],
    logger: silentLogger,
  });
  return { server, reports };
}

it('reports once a period, and again when Telemetry comes back', async () => {
  const clock = new FakeClock();
  const first = await startCollector();
  let sampled = 0;
  const link = linkTelemetry(first.server.address, {
    sample: () =>
      telemetry.ReportRequest.fromPartial({ cellId: 'c', nodeId: `n${++sampled}`, tier: common.Tier.EDGE }),
    clock,
    random: seededRandom(1),
    logger: silentLogger,
  });
  await expect.poll(() => first.reports.length).toBe(1);
  await clock.advanceAsync(999);
  expect(sampled).toBe(1);
  await clock.advanceAsync(1);
  await expect.poll(() => first.reports.map(({ nodeId }) => nodeId)).toEqual(['n1', 'n2']);

  await first.server[Symbol.asyncDispose]();
  const second = await startCollector(first.server.address);
  await expect
    .poll(
      async () => {
        await clock.advanceAsync(1_000);
        return second.reports.length;
      },
      { timeout: 10_000 },
    )
    .toBeGreaterThan(0);
  await link[Symbol.asyncDispose]();
  const before = sampled;
  await clock.advanceAsync(10_000);
  expect(sampled).toBe(before);
  await second.server[Symbol.asyncDispose]();
});
