import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';

/**
 * Generates `src/gen` from the contracts. ts-proto serialises each message with a writer of its own and copies the
 * result; here messages share a writer and are not copied (src/to-buffer.ts).
 */
const generated = 'libs/proto/src/gen';

execFileSync('buf', ['generate'], { stdio: 'inherit' });
for (const file of globSync(`${generated}/{weir,inference}/**/*.ts`)) {
  const text = readFileSync(file, 'utf8');
  const shared = text.replaceAll(
    /Buffer\.from\((\w+)\.encode\(value\)\.finish\(\)\)/g,
    'toBuffer($1, value)',
  );
  if (shared === text) continue;
  const up = '../'.repeat(file.slice(generated.length + 1).split('/').length);
  writeFileSync(
    file,
    shared.replace('\nimport ', `\nimport { toBuffer } from "${up}to-buffer.ts";\nimport `),
  );
}
execFileSync('buf', ['build', '-o', `${generated}/descriptor-set.binpb`], { stdio: 'inherit' });
