import { FakeClock } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { fakeFiles } from './files.fixture.ts';
import { createHostProbe, type HostFallback } from './host-probe.ts';

const noFallback: HostFallback = {
  cpuTimes: () => expect.unreachable('/proc/stat was readable'),
  memory: () => expect.unreachable('/proc/meminfo was readable'),
};
/** user nice system idle iowait irq softirq steal guest guest_nice */
const stat = (fields: string, cpus = 4) =>
  [`cpu  ${fields}`, ...Array.from({ length: cpus }, (_, i) => `cpu${i} 1 1 1 1`), 'intr 5', ''].join('\n');
const machine = {
  '/proc/stat': stat('100 0 100 800 0 0 0 0 0 0'),
  '/proc/meminfo': 'MemTotal:       1000 kB\nMemFree:         100 kB\nMemAvailable:    400 kB\n',
};
const probe = (given: Record<string, string>, clock = new FakeClock()) => {
  const { files, readText } = fakeFiles({ ...machine, ...given });
  return { files, clock, host: createHostProbe({ clock, readText, fallback: noFallback }) };
};

describe('host probe', () => {
  it('sees the whole machine where nothing limits the process', () => {
    const { host, files } = probe({});
    files['/proc/stat'] = stat('130 0 110 860 0 0 0 0 7 0');
    expect(host.sample()).toEqual({
      cpuUtilization: 0.4,
      cpuCount: 4,
      memoryUsedBytes: 600 * 1024,
      memoryTotalBytes: 1000 * 1024,
    });
  });

  it('measures from one sample to the next, and counts waiting for a disk as idle', () => {
    const { host, files } = probe({});
    files['/proc/stat'] = stat('200 0 100 800 0 0 0 0 0 0');
    expect(host.sample().cpuUtilization).toBe(1);
    files['/proc/stat'] = stat('200 0 100 850 50 0 0 0 0 0');
    expect(host.sample().cpuUtilization).toBe(0);
    expect(host.sample().cpuUtilization).toBe(0);
  });

  it('sees the container where control groups of version 2 limit it', () => {
    const { host, files, clock } = probe({
      '/proc/self/cgroup': '0::/\n',
      '/sys/fs/cgroup/cpu.max': '150000 100000\n',
      '/sys/fs/cgroup/cpu.stat': 'usage_usec 1000000\nuser_usec 1\n',
      '/sys/fs/cgroup/memory.max': '512000\n',
      '/sys/fs/cgroup/memory.current': '300000\n',
      '/sys/fs/cgroup/memory.stat': 'anon 5\ninactive_file 100000\n',
    });
    clock.advance(1_000);
    files['/sys/fs/cgroup/cpu.stat'] = 'usage_usec 1750000\nuser_usec 1\n';
    expect(host.sample()).toEqual({
      cpuUtilization: 0.5,
      cpuCount: 1.5,
      memoryUsedBytes: 200_000,
      memoryTotalBytes: 512_000,
    });
  });

  it('takes the tightest of the groups around the process', () => {
    const { host } = probe({
      '/proc/self/cgroup': '0::/slice/unit\n',
      '/sys/fs/cgroup/slice/unit/cpu.max': 'max 100000\n',
      '/sys/fs/cgroup/slice/unit/memory.max': '900000\n',
      '/sys/fs/cgroup/slice/cpu.max': '50000 100000\n',
      '/sys/fs/cgroup/slice/memory.max': '800000\n',
      '/sys/fs/cgroup/slice/memory.current': '1000\n',
    });
    expect(host.sample()).toMatchObject({ cpuCount: 0.5, memoryTotalBytes: 800_000, memoryUsedBytes: 1000 });
  });

  it('sees the container where control groups of version 1 limit it, its host path being out of sight', () => {
    const { host, files, clock } = probe({
      '/proc/self/cgroup': '3:cpu,cpuacct:/docker/abc\n2:memory:/docker/abc\n1:name=systemd:/\n0::/\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '200000\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/cpuacct/cpuacct.usage': '0\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '700000\n',
      '/sys/fs/cgroup/memory/memory.usage_in_bytes': '650000\n',
      '/sys/fs/cgroup/memory/memory.stat': 'inactive_file 1\ntotal_inactive_file 50000\n',
    });
    clock.advance(500);
    files['/sys/fs/cgroup/cpuacct/cpuacct.usage'] = '250000000\n';
    expect(host.sample()).toEqual({
      cpuUtilization: 0.25,
      cpuCount: 2,
      memoryUsedBytes: 600_000,
      memoryTotalBytes: 700_000,
    });
  });

  it('takes a group without limits for the machine', () => {
    const { host } = probe({
      '/proc/self/cgroup': '3:cpu:/\n2:memory:/\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_quota_us': '-1\n',
      '/sys/fs/cgroup/cpu/cpu.cfs_period_us': '100000\n',
      '/sys/fs/cgroup/memory/memory.limit_in_bytes': '9223372036854771712\n',
    });
    expect(host.sample()).toMatchObject({ cpuCount: 4, memoryTotalBytes: 1000 * 1024 });
  });

  it('asks the operating system where there is no /proc', () => {
    let busyMs = 0;
    const host = createHostProbe({
      readText: () => undefined,
      fallback: {
        cpuTimes: () => ({ busyMs: (busyMs += 300), totalMs: busyMs * 2, cpuCount: 8 }),
        memory: () => ({ freeBytes: 30, totalBytes: 100 }),
      },
    });
    expect(host.sample()).toEqual({
      cpuUtilization: 0.5,
      cpuCount: 8,
      memoryUsedBytes: 70,
      memoryTotalBytes: 100,
    });
  });

  it('measures this machine', () => {
    const sample = createHostProbe().sample();
    expect(sample.cpuCount).toBeGreaterThan(0);
    expect(sample.memoryTotalBytes).toBeGreaterThan(sample.memoryUsedBytes);
    expect(sample.memoryUsedBytes).toBeGreaterThan(0);
    expect(sample.cpuUtilization).toBeGreaterThanOrEqual(0);
    expect(sample.cpuUtilization).toBeLessThanOrEqual(1);
  });
});
