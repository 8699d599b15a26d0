import type { DeviceHello, NodeReport } from '@weir/domain';
import type { Member } from './members.ts';

/** What is stored of a member, so that the journal can be learned from again before any device has come back. */
export function memberToJson({ hello, local, targets }: Member): string {
  return JSON.stringify({ ...hello, local, targets } satisfies DeviceHello, (_key, value: unknown) =>
    value instanceof Map ? Object.fromEntries(value as ReadonlyMap<string, number>) : value,
  );
}

/** Throws SyntaxError or TypeError for what `memberToJson` did not write. */
export function memberFromJson(text: string): DeviceHello {
  const { local, targets, ...hello } = JSON.parse(text) as DeviceHello;
  return {
    ...hello,
    local: withMaps(local),
    targets: targets.map((target) => ({ ...target, report: withMaps(target.report) })),
  };
}

const withMaps = ({ energyJ, ...report }: NodeReport): NodeReport => ({
  ...report,
  services: mapOf(report.services),
  ...(energyJ && { energyJ: mapOf(energyJ) }),
});

const mapOf = (written: unknown) => new Map(Object.entries(written as Record<string, number>));
