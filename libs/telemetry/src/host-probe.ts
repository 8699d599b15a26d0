import { cpus, freemem, totalmem } from 'node:os';
import { type Clock, systemClock } from '@weir/base';
import { cgroupLimits } from './cgroup.ts';
import { type ReadText, readTextFile } from './read-text.ts';

/** Processor and memory of this node; field by field weir.telemetry.v1.HostState. */
export interface HostSample {
  /** Share of the processors in use since the last sample, 0..1; 0 in the first. */
  readonly cpuUtilization: number;
  /** Processors that this node may use, > 0; may be a fraction. */
  readonly cpuCount: number;
  readonly memoryUsedBytes: number;
  /** Memory that this node may use. */
  readonly memoryTotalBytes: number;
}

export interface HostProbe {
  sample(): HostSample;
}

/** The operating system's figures, where there is no /proc. */
export interface HostFallback {
  /** Time that all processors together were busy, and the time that passed on all of them, ms. */
  cpuTimes(): { busyMs: number; totalMs: number; cpuCount: number };
  memory(): { freeBytes: number; totalBytes: number };
}

/**
 * Measures the node that this process runs on: its container where a control group limits it (processor and memory
 * separately), otherwise the whole machine. Two nodes that share a machine without limits therefore see the same
 * utilization: the machine's.
 */
export function createHostProbe({
  clock = systemClock,
  readText = readTextFile,
  fallback = operatingSystem,
}: { clock?: Clock; readText?: ReadText; fallback?: HostFallback } = {}): HostProbe {
  const limits = cgroupLimits(readText);
  const machine = () => machineTimes(readText) ?? fallback.cpuTimes();
  const cpuCount = Math.min(machine().cpuCount, limits.cpu?.cpuCount ?? Infinity);

  /** Busy and total processor time so far, ms. */
  const times = () => {
    const usedMs = limits.cpu?.usedMs();
    if (usedMs !== undefined) return { busyMs: usedMs, totalMs: clock.now() * cpuCount };
    return machine();
  };

  const memory = () => {
    const host = machineMemory(readText) ?? fallback.memory();
    if (limits.memory && limits.memory.totalBytes < host.totalBytes)
      return { used: limits.memory.usedBytes(), total: limits.memory.totalBytes };
    return { used: host.totalBytes - host.freeBytes, total: host.totalBytes };
  };

  let last = times();
  return {
    sample() {
      const now = times();
      const [busyMs, totalMs] = [now.busyMs - last.busyMs, now.totalMs - last.totalMs];
      last = now;
      const { used, total } = memory();
      return {
        cpuUtilization: totalMs > 0 ? clamp(busyMs / totalMs, 0, 1) : 0,
        cpuCount,
        memoryUsedBytes: clamp(used, 0, total),
        memoryTotalBytes: total,
      };
    },
  };
}

/** First line of /proc/stat: user nice system idle iowait irq softirq steal, in ticks of 10 ms. */
function machineTimes(readText: ReadText) {
  const text = readText('/proc/stat');
  const ticks = /^cpu +([\d ]+)$/m
    .exec(text ?? '')?.[1]
    ?.split(' ')
    .map(Number);
  if (text === undefined || !ticks || ticks.length < 4) return undefined;
  // Guest time (fields 9 and 10) is part of user time already.
  const total = ticks.slice(0, 8).reduce((sum, value) => sum + value, 0);
  const idle = ticks[3]! + (ticks[4] ?? 0);
  const cpuCount = Math.max(1, text.match(/^cpu\d+ /gm)?.length ?? 0);
  return { busyMs: (total - idle) * 10, totalMs: total * 10, cpuCount };
}

function machineMemory(readText: ReadText) {
  const text = readText('/proc/meminfo') ?? '';
  const bytes = (name: string) => Number(new RegExp(`^${name}: +(\\d+) kB$`, 'm').exec(text)?.[1]) * 1_024;
  const [totalBytes, freeBytes] = [bytes('MemTotal'), bytes('MemAvailable')];
  return totalBytes > 0 && freeBytes >= 0 ? { totalBytes, freeBytes } : undefined;
}

const operatingSystem: HostFallback = {
  cpuTimes() {
    const all = cpus().map(({ times }) => times);
    const idleMs = all.reduce((sum, { idle }) => sum + idle, 0);
    const totalMs = all.reduce((sum, t) => sum + t.user + t.nice + t.sys + t.idle + t.irq, 0);
    return { busyMs: totalMs - idleMs, totalMs, cpuCount: Math.max(1, all.length) };
  },
  memory: () => ({ freeBytes: freemem(), totalBytes: totalmem() }),
};

const clamp = (value: number, low: number, high: number) => Math.min(high, Math.max(low, value));
