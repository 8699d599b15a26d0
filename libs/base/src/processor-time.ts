import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/** Processor time that this thread has had, ms. To ask takes 2 µs. */
export function threadProcessorMs(): number {
  // Linux brings what it knows of a thread up to date only when it is asked for the whole process.
  process.cpuUsage();
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
}

/** Asks for the share of the time since it was last asked, or made, that this thread's event loop was busy, 0..1. */
export function loopUtilization(): () => number {
  let before: EventLoopUtilization = performance.eventLoopUtilization();
  return () => {
    const now = performance.eventLoopUtilization();
    const { utilization } = performance.eventLoopUtilization(now, before);
    before = now;
    return utilization;
  };
}
