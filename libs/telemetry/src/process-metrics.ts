import type { Meter } from '@opentelemetry/api';
import { loopUtilization } from '@weir/base';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often the event loop's delay is looked at, ms. */
const delayResolutionMs = 10;

/** What the process itself uses; names by OpenTelemetry's conventions. */
export function observeProcess(meter: Meter): void {
  meter
    .createObservableCounter('process.cpu.time', { unit: 's', description: 'Processor time used.' })
    .addCallback((result) => {
      const { user, system } = process.cpuUsage();
      result.observe(user / 1e6, { 'cpu.mode': 'user' });
      result.observe(system / 1e6, { 'cpu.mode': 'system' });
    });
  meter
    .createObservableGauge('process.memory.usage', { unit: 'By', description: 'Resident memory.' })
    .addCallback((result) => result.observe(process.memoryUsage.rss()));
  const busyShare = loopUtilization();
  meter
    .createObservableGauge('nodejs.eventloop.utilization', {
      unit: '1',
      description: 'Share of the time since the last reading that the event loop was busy.',
    })
    .addCallback((result) => result.observe(busyShare()));
  const delays = monitorEventLoopDelay({ resolution: delayResolutionMs });
  delays.enable();
  const [p50, p99, max] = [
    ['p50', 'Median'],
    ['p99', '99th percentile'],
    ['max', 'Longest'],
  ].map(([of, words]) =>
    meter.createObservableGauge(`nodejs.eventloop.delay.${of}`, {
      unit: 's',
      description: `${words} of how late the event loop came to what was due, since the last reading.`,
    }),
  );
  // What is recorded is the time from one look to the next.
  const seconds = (ns: number) => Math.max(0, ns / 1e9 - delayResolutionMs / 1_000) || 0;
  meter.addBatchObservableCallback(
    (result) => {
      result.observe(p50!, seconds(delays.percentile(50)));
      result.observe(p99!, seconds(delays.percentile(99)));
      result.observe(max!, seconds(delays.max));
      delays.reset();
    },
    [p50!, p99!, max!],
  );
}
