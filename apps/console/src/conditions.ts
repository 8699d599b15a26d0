import type { agent } from '@weir/proto';
import type { OwnCertificate } from '@weir/rpc';
import type { Condition } from './event-log.ts';
import type { BelowFloor } from './floor.ts';

/** What the console needs to know of an agent for this. */
export type AgentFaults = Pick<agent.GetStatusResponse, 'deviceId' | 'peerFaults' | 'certificates'>;

export interface Circumstances {
  /** Of the agents that are heard. */
  readonly agents: readonly AgentFaults[];
  /** The console's own. */
  readonly certificates: readonly OwnCertificate[];
  /** Why devices do not meet their floor now, by device. */
  readonly belowFloor: ReadonlyMap<string, BelowFloor>;
  /** Epoch ms. */
  readonly now: number;
}

/** What goes on in a cell that somebody should know of: peers that cannot be reached, certificates that are due, floors not met. */
export function conditionsOf(circumstances: Circumstances): Map<string, Condition> {
  return new Map([
    ...unreachable(circumstances),
    ...dueCertificates(circumstances),
    ...floorsNotMet(circumstances),
  ]);
}

/** One for a peer and a cause, whichever devices it keeps away. */
function unreachable({ agents }: Circumstances): [string, Condition][] {
  const found = agents.flatMap(({ deviceId, peerFaults }) =>
    peerFaults.map((fault) => ({ ...fault, deviceId })),
  );
  return [...Map.groupBy(found, ({ peer, cause }) => `${peer} ${cause}`)].map(([key, faults]) => {
    const { peer, cause, text } = faults[0]!;
    const by = [...new Set(faults.map(({ deviceId }) => deviceId))];
    const devices = listed(by);
    const name = serviceNames[peer] ?? peer;
    if (cause === 'device_twice')
      return [key, { text: `two agents at once: ${text}`, over: `${devices} is there once again`, by }];
    const refuses = cause === 'no_identity' || cause === 'no_right';
    return [
      key,
      {
        text: `${name} ${refuses ? 'refuses' : 'cannot be reached by'} ${devices}: ${text}`,
        over: `${name} can be reached again by ${devices}`,
        by,
      },
    ];
  });
}

const serviceNames: Readonly<Record<string, string>> = {
  policy: 'PolicyService',
  telemetry: 'Telemetry',
  targets: 'the list of workers',
};

function dueCertificates({ agents, certificates, now }: Circumstances): [string, Condition][] {
  const own = certificates.filter(({ due }) => due);
  return [
    ...own.map(({ file, expiresAt }): [string, Condition] => [
      `console ${file}`,
      { text: `the console’s certificate ${timeLeft(expiresAt - now)}` },
    ]),
    ...agents.flatMap(({ deviceId, certificates: others }) =>
      others
        .filter(({ due }) => due)
        .map(({ file, expiresInMs }): [string, Condition] => [
          `${deviceId} ${file}`,
          { text: `certificate of ${deviceId} ${timeLeft(expiresInMs)}`, by: [deviceId] },
        ]),
    ),
  ];
}

const timeLeft = (ms: number): string =>
  ms <= 0
    ? 'has expired'
    : `expires in ${ms < 172_800_000 ? `${Math.floor(ms / 3_600_000)} h` : `${Math.floor(ms / 86_400_000)} days`}`;

function floorsNotMet({ belowFloor }: Circumstances): [string, Condition][] {
  return [...Map.groupBy(belowFloor, ([, { kind }]) => kind)].map(([kind, devices]) => {
    const by = devices.map(([deviceId]) => deviceId);
    const names = listed(by);
    const [, { reason }] = devices[0]!;
    return [
      `floor ${kind}`,
      { text: `floor not met by ${names}: ${reason}`, over: `floor met again by ${names}`, by },
    ];
  });
}

/** The first few names, and how many more. */
export function listed(names: readonly string[], most = 3): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}
