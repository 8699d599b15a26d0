import { execFileSync } from 'node:child_process';

/**
 * Fails when the committed generated code differs from what the contracts give, or when a contract breaks one that was
 * committed before. Needs git; a checkout without history has nothing to compare with and says so.
 */
const run = (command: string, args: string[]): string => execFileSync(command, args, { encoding: 'utf8' });

run('buf', ['lint']);
run('buf', ['generate']);
run('buf', ['build', '-o', 'libs/proto/src/gen/descriptor-set.binpb']);

const stale = run('git', ['status', '--porcelain', '--', 'libs/proto/src/gen']).trim();
if (stale) {
  console.error(`Generated code was out of date and has been renewed; commit it:\n${stale}`);
  process.exit(1);
}
