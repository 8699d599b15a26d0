import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { urisOf } from '../rights/alternative-names.ts';
import { identityOf, identityText, NoIdentity } from '../rights/identity.ts';

/** A node, as certificates name it. */
export interface NodeIdentity {
  readonly nodeId: string;
  /** Any of them. */
  readonly cellIds: readonly string[];
}

/** How a client checks a server that must be a certain node: the host's name or address, and who it is. */
export const checksOf = ({ nodeId, cellIds }: NodeIdentity) => ({
  checkServerIdentity(host: string, certificate: PeerCertificate): Error | undefined {
    const misnamed = checkServerIdentity(host, certificate);
    if (misnamed) return misnamed;
    try {
      const identity = identityOf(urisOf(certificate.subjectaltname ?? '') ?? []);
      const { role, name, cellId } = identity;
      if (role === 'node' && name === nodeId && cellIds.includes(cellId!)) return undefined;
      return new AnotherNode(nodeId, identityText(identity));
    } catch (error) {
      if (error instanceof NoIdentity) return new AnotherNode(nodeId, error.message);
      throw error;
    }
  },
});

class AnotherNode extends Error {
  constructor(nodeId: string, found: string) {
    super(`not the certificate of node ${nodeId}: ${found}`);
  }
}
