import { FailedPrecondition } from '@weir/base';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Its own requirements, so that nothing of the host's Python takes part. */
const requirements = fileURLToPath(new URL('./peers/requirements.txt', import.meta.url));
const proto = fileURLToPath(new URL('../../../../../proto', import.meta.url));

/** The Python of the peers and the folder of its gRPC stubs. */
export interface Python {
  readonly program: string;
  readonly stubs: string;
}

/**
 * Makes or brings up to date a virtual environment under `.weir/bench` of the working folder, and generates the stubs of
 * weir.worker.v1 there. Throws FailedPrecondition saying what is missing, and how to get it.
 */
export async function preparePython(signal: AbortSignal): Promise<Python> {
  const folder = resolve('.weir/bench');
  const venv = join(folder, 'python');
  const program = join(venv, 'bin/python');
  const stubs = join(folder, 'stubs');
  await mkdir(stubs, { recursive: true });
  const run = async (command: string, args: readonly string[]) => {
    const child = spawn(command, args, { stdio: ['ignore', 2, 2], signal });
    const [code] = (await once(child, 'exit').catch(() => [1])) as [number];
    if (signal.aborted) throw signal.reason;
    return code === 0;
  };
  const supported = 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))';
  if (!existsSync(program)) {
    if (!(await run('python3', ['-c', supported])))
      throw new FailedPrecondition(
        '--peers needs python3, 3.10 to 3.12: apt-get install python3 python3-venv',
      );
    if (!(await run('python3', ['-m', 'venv', venv]))) {
      await rm(venv, { recursive: true, force: true });
      throw new FailedPrecondition('--peers needs the venv module of Python: apt-get install python3-venv');
    }
  }
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', requirements];
  if (!(await run(program, pip)))
    throw new FailedPrecondition(
      `--peers needs PyPI or a mirror of it: pip could not install ${requirements}`,
    );
  const files = ['weir/common/v1/common.proto', 'weir/worker/v1/worker.proto'].map((file) =>
    join(proto, file),
  );
  const protoc = [
    '-m',
    'grpc_tools.protoc',
    `-I${proto}`,
    `--python_out=${stubs}`,
    `--grpc_python_out=${stubs}`,
  ];
  if (!(await run(program, [...protoc, ...files])))
    throw new FailedPrecondition(`--peers: protoc could not generate stubs from ${proto}`);
  return { program, stubs };
}
