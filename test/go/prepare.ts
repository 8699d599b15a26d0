import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { readDocument, root } from '../support/document.ts';

const grpcurl = { module: 'github.com/fullstorydev/grpcurl/cmd/grpcurl', version: 'v1.9.4' };
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'weir');

/** Why nothing can be built, and the cure; undefined when it can. */
export function goVersionFault(): string | undefined {
  const { stdout } = spawnSync('go', ['env', 'GOVERSION'], { encoding: 'utf8' });
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(stdout ?? '') ?? [];
  if (major !== undefined && (Number(major) > 1 || Number(minor) >= 25)) return undefined;
  return `it needs Go 1.25 or newer, ${stdout ? `not ${stdout.trim()}` : 'which is missing'}: https://go.dev/dl`;
}

/**
 * Builds the client by the commands of docs/clients.md, the check of what docker/ describes, and grpcurl unless it has been
 * before. Throws when it cannot.
 */
export async function prepareGo(): Promise<{
  WEIR_GO_CLIENT: string;
  WEIR_GRPCURL: string;
  WEIR_DEPLOYMENT: string;
}> {
  const run = (command: string, args: readonly string[], env: Record<string, string> = {}) =>
    execFileSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], env: { ...process.env, ...env } });
  const built = join(import.meta.dirname, '.weir');
  mkdirSync(built, { recursive: true });
  const { blocks } = await readDocument('docs/clients.md');
  const [generate, build] = blocks.find(({ text }) => text.includes('go build'))!.text.split('\n');
  for (const command of [generate!, build!]) run('sh', ['-c', command]);

  const deployment = join(built, 'deployment');
  // Takes minutes the first time.
  execFileSync('go', ['build', '-o', deployment, '.'], {
    cwd: join(import.meta.dirname, 'deployment'),
    stdio: ['ignore', 2, 2],
  });

  const kept = join(cache, `grpcurl-${grpcurl.version}`);
  if (!existsSync(kept)) {
    console.error(`building ${grpcurl.module}@${grpcurl.version}, once`);
    run('go', ['install', `${grpcurl.module}@${grpcurl.version}`], { GOBIN: built });
    mkdirSync(cache, { recursive: true });
    renameSync(join(built, 'grpcurl'), kept);
  }
  return { WEIR_GO_CLIENT: join(root, 'clients/go/client'), WEIR_GRPCURL: kept, WEIR_DEPLOYMENT: deployment };
}
