import type { agent } from '@weir/proto';
import type { OwnCertificate } from '@weir/rpc';

type Status = Pick<agent.GetStatusResponse, 'deviceId' | 'peerFaults' | 'certificates'>;

const hours = (ms: number): string =>
  ms <= 0
    ? 'has expired'
    : `expires in ${ms < 172_800_000 ? `${Math.floor(ms / 3_600_000)} h` : `${Math.floor(ms / 86_400_000)} days`}`;

/**
 * Says what is new of certificates that are due and of peers that cannot be reached: each once, until it is over. `now`: epoch ms.
 */
export function trustEvents(tell: (text: string) => void) {
  let standing = new Set<string>();
  return (agents: readonly Status[], own: readonly OwnCertificate[], now: number): void => {
    const found = new Map<string, string>();
    for (const { file, expiresAt, due } of own)
      if (due) found.set(`console ${file}`, `the console’s certificate ${hours(expiresAt - now)}`);
    for (const { deviceId, peerFaults, certificates } of agents) {
      for (const { file, expiresInMs, due } of certificates)
        if (due) found.set(`${deviceId} ${file}`, `certificate of ${deviceId} ${hours(expiresInMs)}`);
      for (const { peer, cause, text } of peerFaults)
        found.set(`${deviceId} ${peer} ${cause}`, `${deviceId} cannot reach ${peer}: ${text}`);
    }
    for (const [key, text] of found) if (!standing.has(key)) tell(text);
    standing = new Set(found.keys());
  };
}
