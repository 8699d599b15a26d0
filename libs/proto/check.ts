import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/**
 * Fails when a contract is not well formed, when it breaks the contract as last released (`baseline.binpb`, renewed by
 * `npm run proto:release`), or when the committed generated code is not what the contracts give.
 */
const baseline = 'libs/proto/baseline.binpb';
const run = (command: string, args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });

try {
  run('buf', ['lint']);
  run('buf', ['format', '--diff', '--exit-code']);
  if (existsSync(baseline)) run('buf', ['breaking', '--against', baseline]);
  run('npm', ['run', '--silent', 'proto']);
} catch (error) {
  process.stdout.write((error as { stdout?: string }).stdout ?? '');
  process.exit(1);
}

const stale = run('git', ['status', '--porcelain', '--', 'libs/proto/src/gen']).trim();
if (stale) {
  console.error(`Generated code was out of date and has been renewed; commit it:\n${stale}`);
  process.exit(1);
}
