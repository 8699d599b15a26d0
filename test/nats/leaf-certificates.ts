import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { weirIn } from '../support/weir.ts';

/** Certificates of servers of NATS on this machine, as docs/scale.md has an operator make them; disposing removes them. */
export interface LeafCertificates extends Disposable {
  /** The folder with the server's ca.pem, cert.pem and key.pem. */
  of(name: string): string;
}

export async function leafCertificates(names: readonly string[]): Promise<LeafCertificates> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-leaf-tls-'));
  const pki = async (...argv: string[]) => {
    const { code, stderr } = await weirIn(folder, 'pki', ...argv).ended;
    if (code !== 0) throw new Error(stderr);
  };
  await pki('init');
  for (const name of names) await pki('issue', 'node', name, '--ip', '127.0.0.1');
  return {
    of: (name) => join(folder, 'pki/bundles', `node-${name}`),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
