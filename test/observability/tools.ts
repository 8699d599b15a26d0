import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const runs = (command: string, ...args: string[]) =>
  spawnSync(command, args, { stdio: 'ignore' }).status === 0;
const run = (command: string, args: readonly string[], env: Record<string, string> = {}) =>
  spawnSync(command, args, { stdio: ['ignore', 2, 2], env: { ...process.env, ...env } }).status === 0;
const isCi = Boolean(process.env.CI);

/** Finds Prometheus and promtool, in CI installs Debian's package; says what is missing when it cannot. */
export function preparePrometheus(): string | undefined {
  const found = () => runs('prometheus', '--version') && runs('promtool', '--version');
  if (found()) return undefined;
  // Nobody's own machine gets packages without being asked.
  if (isCi && process.getuid?.() === 0 && runs('apt-get', '--version')) {
    run('apt-get', ['update', '-qq']);
    run('apt-get', ['install', '-y', '-qq', '--no-install-recommends', 'prometheus']);
    if (found()) return undefined;
  }
  return 'The tests of metrics need prometheus and promtool: apt-get install prometheus';
}

/** Jaeger 2.13, under the version of its Go module. */
const jaegerModule = 'github.com/jaegertracing/jaeger@v1.76.0';
const cached = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'weir', 'jaeger-v1.76.0-tests');
/** Elastic's client takes a third of the build, and the tests keep traces in memory. */
const standIn = join(import.meta.dirname, 'jaeger-build/elasticsearch');

/**
 * Finds Jaeger: $WEIR_JAEGER, or the one that was built before; else builds it from its Go module, which is checked
 * against Go's checksum database and against Jaeger's own go.sum. `go install` would refuse: the module replaces
 * another. Nothing is optimised, which saves most of what compiling takes.
 */
export function prepareJaeger(): { binary: string } | { missing: string } {
  const given = process.env.WEIR_JAEGER;
  if (given) return { binary: given };
  if (existsSync(cached)) return { binary: cached };
  if (!runs('go', 'version'))
    return { missing: `Jaeger is built from ${jaegerModule}: install Go 1.25 or newer, or set WEIR_JAEGER` };
  console.error(`building Jaeger from ${jaegerModule}, once`);
  const failed = { missing: `Jaeger could not be built from ${jaegerModule}` };
  const { stdout } = spawnSync('go', ['mod', 'download', '-json', jaegerModule], {
    stdio: ['ignore', 'pipe', 2],
    encoding: 'utf8',
  });
  const { Dir: source } = JSON.parse(stdout || '{}') as { Dir?: string };
  if (!source) return failed;
  mkdirSync(dirname(cached), { recursive: true });
  const work = mkdtempSync(`${cached}-`);
  try {
    // The module's own files are read-only, and so would be a copy of them with its mode.
    for (const suffix of ['mod', 'sum'])
      writeFileSync(join(work, `go.${suffix}`), readFileSync(join(source, `go.${suffix}`)));
    const modfile = join(work, 'go.mod');
    const replace = `-replace=github.com/elastic/go-elasticsearch/v9=${standIn}`;
    const binary = join(work, 'jaeger');
    const build = ['-trimpath', '-buildvcs=false', '-gcflags=all=-N -l -dwarf=false', '-ldflags=-s -w'];
    const built =
      run('go', ['mod', 'edit', replace, modfile]) &&
      run(
        'nice',
        ['go', 'build', '-C', source, `-modfile=${modfile}`, ...build, '-o', binary, './cmd/jaeger'],
        {
          CGO_ENABLED: '0',
        },
      );
    if (!built) return failed;
    renameSync(binary, cached);
    return { binary: cached };
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
