import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe } from 'vitest';
import { outlivesItsProcess } from '../kill.fixture.ts';

const directory = mkdtempSync(join(tmpdir(), 'weir-kill-'));
afterAll(() => rmSync(directory, { recursive: true }));

describe('a store in a file whose process is killed', () => {
  outlivesItsProcess('openStore', () => ({ path: join(directory, 'weir.db') }));
});
