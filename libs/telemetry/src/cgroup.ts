import { type ReadText, readNumber } from './read-text.ts';

/** Limits of this process's control groups (version 1 or 2); undefined where there is none. */
export interface CgroupLimits {
  readonly cpu?: CpuLimit | undefined;
  readonly memory?: MemoryLimit | undefined;
}

export interface CpuLimit {
  /** Processors that may be used, > 0; may be a fraction. */
  readonly cpuCount: number;
  /** Processor time used so far by all of the group, ms; undefined when it is not counted. */
  readonly usedMs: () => number | undefined;
}

export interface MemoryLimit {
  /** Memory that may be used, bytes. */
  readonly totalBytes: number;
  /** Memory in use without reclaimable file pages, bytes. */
  readonly usedBytes: () => number;
}

const root = '/sys/fs/cgroup';

/** Finds the tightest limit among this process's groups and their ancestors. */
export function cgroupLimits(readText: ReadText): CgroupLimits {
  const paths = groupPaths(readText);
  const unified = paths.get('');
  // With both mounted (hybrid), the controllers live in version 1 and the unified tree has none.
  const cpuV1 = paths.get('cpu');
  const memoryV1 = paths.get('memory');
  return {
    cpu: tightest(
      cpuV1 === undefined
        ? ancestors(unified).map((path) => cpuLimitV2(readText, `${root}${path}`))
        : ancestors(cpuV1).map((path) =>
            cpuLimitV1(readText, `${root}/cpu${path}`, `${root}/cpuacct${path}`),
          ),
      (limit) => limit.cpuCount,
    ),
    memory: tightest(
      memoryV1 === undefined
        ? ancestors(unified).map((path) => memoryLimitV2(readText, `${root}${path}`))
        : ancestors(memoryV1).map((path) => memoryLimitV1(readText, `${root}/memory${path}`)),
      (limit) => limit.totalBytes,
    ),
  };
}

/** Path of this process's group by controller; '' is the unified hierarchy of version 2. */
function groupPaths(readText: ReadText): Map<string, string> {
  const paths = new Map<string, string>();
  for (const line of readText('/proc/self/cgroup')?.split('\n') ?? []) {
    const [, controllers, path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || path === undefined) continue;
    for (const controller of controllers.split(',')) paths.set(controller, path);
  }
  return paths;
}

/** `/a/b` → `/a/b`, `/a`, ``. In a container, a path that leads outside of it is not found and its root counts. */
function ancestors(path: string | undefined): string[] {
  if (path === undefined) return [];
  const parts = path.split('/').filter(Boolean);
  return Array.from({ length: parts.length + 1 }, (_, i) =>
    parts.slice(0, parts.length - i).reduce((joined, part) => `${joined}/${part}`, ''),
  );
}

function cpuLimitV2(readText: ReadText, group: string): CpuLimit | undefined {
  const [quota, period] = (readText(`${group}/cpu.max`) ?? '').trim().split(/\s+/).map(Number);
  const usedMs = () => {
    const [, usec] = /^usage_usec (\d+)$/m.exec(readText(`${group}/cpu.stat`) ?? '') ?? [];
    return usec === undefined ? undefined : Number(usec) / 1_000;
  };
  return quotaLimit(quota, period, usedMs);
}

function cpuLimitV1(readText: ReadText, group: string, accounting: string): CpuLimit | undefined {
  const quota = readNumber(readText, `${group}/cpu.cfs_quota_us`);
  const period = readNumber(readText, `${group}/cpu.cfs_period_us`);
  const usedMs = () => {
    const ns =
      readNumber(readText, `${accounting}/cpuacct.usage`) ?? readNumber(readText, `${group}/cpuacct.usage`);
    return ns === undefined ? undefined : ns / 1e6;
  };
  return quotaLimit(quota, period, usedMs);
}

function quotaLimit(
  quota: number | undefined,
  period: number | undefined,
  usedMs: CpuLimit['usedMs'],
): CpuLimit | undefined {
  // A quota of `max` (version 2, not a number) or -1 (version 1) is none.
  if (quota === undefined || period === undefined || !(quota > 0) || !(period > 0)) return undefined;
  return { cpuCount: quota / period, usedMs };
}

function memoryLimitV2(readText: ReadText, group: string): MemoryLimit | undefined {
  const totalBytes = readNumber(readText, `${group}/memory.max`);
  if (totalBytes === undefined) return undefined;
  return { totalBytes, usedBytes: usedBytes(readText, group, 'memory.current', 'inactive_file') };
}

function memoryLimitV1(readText: ReadText, group: string): MemoryLimit | undefined {
  const totalBytes = readNumber(readText, `${group}/memory.limit_in_bytes`);
  // "No limit" is written as the largest page-aligned number of 63 bits.
  if (totalBytes === undefined || totalBytes >= 2 ** 62) return undefined;
  return {
    totalBytes,
    usedBytes: usedBytes(readText, group, 'memory.usage_in_bytes', 'total_inactive_file'),
  };
}

const usedBytes = (readText: ReadText, group: string, usageFile: string, reclaimable: string) => () => {
  const usage = readNumber(readText, `${group}/${usageFile}`) ?? 0;
  const [, cached] =
    new RegExp(`^${reclaimable} (\\d+)$`, 'm').exec(readText(`${group}/memory.stat`) ?? '') ?? [];
  return Math.max(0, usage - Number(cached ?? 0));
};

const tightest = <T>(limits: (T | undefined)[], size: (limit: T) => number): T | undefined =>
  limits
    .filter((limit) => limit !== undefined)
    .sort((a, b) => size(a) - size(b))
    .at(0);
