import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

/** A host of its own, as far as networks go, with room for machines of their own: Linux network namespaces. */
export interface Host extends AsyncDisposable {
  /** A command line that runs another there; on one of its machines where one is named. Becomes that other, id and all. */
  command(argv: readonly string[], machine?: string): string[];
  /** Runs lines of bash there and gives what they print; throws with what they say where one of them fails. */
  run(lines: string): string;
}

/** Needs root, and `ip`. Nothing of it is left once its processes have ended. */
export async function openHost(): Promise<Host> {
  // The names of namespaces are files: they get a folder that nobody else sees.
  const setUp =
    'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && echo ready && exec sleep infinity';
  const holder = spawn('unshare', ['--net', '--mount', 'sh', '-ec', setUp], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(holder.stdout, 'data');
  const command: Host['command'] = (argv, machine) => [
    ...['nsenter', `--target=${holder.pid}`, '--net', '--mount', `--wd=${process.cwd()}`, '--'],
    ...(machine === undefined ? [] : ['ip', 'netns', 'exec', machine]),
    ...argv,
  ];
  return {
    command,
    run(lines) {
      const [program, ...argv] = command(['bash', '-ec', lines]);
      return execFileSync(program!, argv, { encoding: 'utf8' });
    },
    async [Symbol.asyncDispose]() {
      const ended = once(holder, 'exit');
      holder.kill('SIGKILL');
      await ended;
    },
  };
}
