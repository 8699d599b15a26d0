import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const runs = (command: string, ...args: string[]) =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const run = (command: string, ...args: string[]) =>
  spawnSync(command, args, { stdio: ['ignore', 2, 2] }).status === 0;
const isCi = Boolean(process.env.CI);

/** Finds Prometheus and promtool, in CI installs Debian's package; says what is missing when it cannot. */
export function preparePrometheus(): string | undefined {
  const found = () => runs('prometheus', '--version') && runs('promtool', '--version');
  if (found()) return undefined;
  // Nobody's own machine gets packages without being asked.
  if (isCi && process.getuid?.() === 0 && runs('apt-get', '--version')) {
    run('apt-get', 'update', '-qq');
    run('apt-get', 'install', '-y', '-qq', '--no-install-recommends', 'prometheus');
    if (found()) return undefined;
  }
  return 'The tests of metrics need prometheus and promtool: apt-get install prometheus';
}

/** Jaeger 2.13, under the version of its Go module. */
const jaegerModule = 'github.com/jaegertracing/jaeger@v1.76.0';
const cached = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'weir', 'jaeger-v1.76.0');

/**
 * Finds Jaeger: $WEIR_JAEGER, or the one that was built before; else builds it from its Go module, which is checked
 * against Go's checksum database and against Jaeger's own go.sum. That takes eight minutes of processor time, so that CI
 * does it only when told to (WEIR_BUILD_JAEGER=1). `go install` would refuse: the module replaces another.
 */
export function prepareJaeger(): { binary: string } | { missing: string } {
  const given = process.env.WEIR_JAEGER;
  if (given) return { binary: given };
  if (existsSync(cached)) return { binary: cached };
  if (isCi && process.env.WEIR_BUILD_JAEGER !== '1')
    return { missing: `no Jaeger at ${cached}, and CI builds it only with WEIR_BUILD_JAEGER=1` };
  if (!runs('go', 'version'))
    return { missing: `Jaeger is built from ${jaegerModule}: install Go 1.25 or newer, or set WEIR_JAEGER` };
  console.error(`building Jaeger from ${jaegerModule}, once`);
  const { stdout } = spawnSync('go', ['mod', 'download', '-json', jaegerModule], {
    stdio: ['ignore', 'pipe', 2],
    encoding: 'utf8',
  });
  const { Dir: source } = JSON.parse(stdout || '{}') as { Dir?: string };
  mkdirSync(dirname(cached), { recursive: true });
  const build = ['build', '-C', source ?? '', '-trimpath', '-buildvcs=false', '-ldflags=-s -w', '-o', cached];
  if (source && run('nice', 'go', ...build, './cmd/jaeger')) return { binary: cached };
  return { missing: `Jaeger could not be built from ${jaegerModule}` };
}
