import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { describeClient } from './support/client-contract.ts';
import { root } from './support/document.ts';

const bin = (name: string) => join(root, 'node_modules/.bin', name);

beforeAll(() => {
  // The plug-in is found on the path.
  const PATH = `${join(root, 'node_modules/.bin')}:${process.env.PATH}`;
  const template = 'clients/typescript/buf.gen.yaml';
  execFileSync(bin('buf'), ['generate', '--template', template], {
    cwd: root,
    env: { ...process.env, PATH },
  });
});

it('has types that are right', () => {
  const tsc = () => execFileSync(bin('tsc'), ['-p', 'clients/typescript'], { cwd: root, encoding: 'utf8' });
  expect(tsc()).toBe('');
});

describeClient('TypeScript', () => [process.execPath, join(root, 'clients/typescript/client.ts')]);
