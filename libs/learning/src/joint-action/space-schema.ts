import { z } from 'zod';
import type { DenseNet } from './dense-net.ts';
import { type JointAction, type JointSpace, listsKeyOf, sizeOf, stateKeyOf } from './joint-space.ts';

/** Most devices, and actions of one device, that a snapshot may tell of. */
const mostDevices = 100_000;
const mostActions = 100_000;

const placement = z.strictObject({
  tier: z.enum(['device', 'edge', 'cloud']),
  nodeId: z.string(),
  variant: z.string(),
});

/** A saved joint space; what follows from the rest is computed again. */
export const spaceSchema = z
  .strictObject({
    key: z.string(),
    deviceIds: z.array(z.string()).min(1).max(mostDevices),
    actions: z.array(z.array(placement).min(1).max(mostActions)),
    surplus: z.array(z.array(z.number().min(-1).max(1))),
    features: z.array(z.number().min(0).max(1)),
  })
  .check(({ value, issues }) => {
    const { key, deviceIds, actions, surplus } = value;
    const refuse = (path: (string | number)[], message: string) =>
      issues.push({ code: 'custom', input: value, path, message });
    if (actions.length !== deviceIds.length)
      refuse(['actions'], `expected ${deviceIds.length} lists, one for each device`);
    else if (surplus.length !== deviceIds.length)
      refuse(['surplus'], `expected ${deviceIds.length} lists, one for each device`);
    else {
      actions.forEach(({ length }, device) => {
        if (surplus[device]!.length !== length) refuse(['surplus', device], `expected ${length} numbers`);
      });
      // A space is found again by its key: with other actions it would plan what the cell does not have.
      if (!key.endsWith(`,${listsKeyOf(deviceIds, actions)}]`))
        refuse(['key'], 'expected the key of these devices and actions');
    }
  })
  .transform((saved): JointSpace => {
    const features = Float32Array.from(saved.features);
    return { ...saved, features, size: sizeOf(saved.actions), stateKey: stateKeyOf(features) };
  });

/** The space as `spaceSchema` reads it. */
export const savedSpace = ({ key, deviceIds, actions, surplus, features }: JointSpace) => ({
  key,
  deviceIds,
  actions,
  surplus,
  features: [...features],
});

/** What keeps a saved joint action from being one of the space, or undefined. */
export function jointActionFault({ actions }: JointSpace, jointAction: JointAction): string | undefined {
  if (jointAction.length !== actions.length) return `expected ${actions.length} actions, one for each device`;
  const device = jointAction.findIndex((action, at) => action >= actions[at]!.length);
  return device < 0 ? undefined : `device ${device} has no action ${jointAction[device]}`;
}

/** The saved weights of a network of this very shape. */
export function netSchema(net: DenseNet) {
  // Far beyond what training comes to, and finite as 32-bit floats.
  const most = 1e30;
  const numbers = (least: number) =>
    z.tuple(
      net.lengths.map((length) =>
        z.array(z.number().min(least).max(most)).length(length, `expected ${length} numbers`),
      ) as [z.ZodArray<z.ZodNumber>],
    );
  // Squared gradients are never negative; their square root would be NaN.
  return z.strictObject({
    layers: numbers(-most),
    first: numbers(-most),
    second: numbers(0),
    steps: z.int().min(0),
  });
}
