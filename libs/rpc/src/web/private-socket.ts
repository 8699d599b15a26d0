import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Path for a socket that no other user of this machine can reach. Disposing removes it. */
export function privateSocket(): { readonly path: string } & Disposable {
  const folder = mkdtempSync(join(tmpdir(), 'weir-web-'));
  return {
    path: join(folder, 'grpc.sock'),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
