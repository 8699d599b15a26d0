import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { describeClient } from './support/client-contract.ts';
import { readDocument, root } from './support/document.ts';

const bin = (name: string) => join(root, 'node_modules/.bin', name);

beforeAll(async () => {
  const { blocks } = await readDocument('docs/clients.md');
  const [generate] = blocks.find(({ text }) => text.includes('client.ts'))!.text.split('\n');
  execFileSync('sh', ['-c', generate!], { cwd: root });
});

it('has types that are right', () => {
  const tsc = () => execFileSync(bin('tsc'), ['-p', 'clients/typescript'], { cwd: root, encoding: 'utf8' });
  expect(tsc()).toBe('');
});

describeClient('TypeScript', () => [process.execPath, join(root, 'clients/typescript/client.ts')]);
