import { InvalidInput, Violations } from '@weir/base';
import type { DeviceHello, NodeReport } from '@weir/domain';
import { common, type policy } from '@weir/proto';
import { familyFromWire } from './family.ts';
import { type Received, usable } from './left-out.ts';
import { lookCurvesFromWire, lookCurvesToWire } from './look-curves.ts';
import { nodeFromWire, nodeToWire } from './node-load.ts';
import { requestedObjectiveFromWire, requestedObjectiveToWire } from './objective.ts';
import { targetsFromWire, targetToWire } from './target.ts';
import { tierToWire } from './tier.ts';
import { variantsFromWire, variantToWire } from './variant.ts';

export interface CellHello {
  readonly cellId: string;
  readonly hello: DeviceHello;
  /** Whether acknowledgements may renew its directives. @default false */
  readonly takesRenewals?: boolean;
}

export const helloToWire = ({ cellId, hello, takesRenewals = false }: CellHello): policy.Hello => ({
  cellId,
  takesRenewals,
  deviceId: hello.deviceId,
  agentInstanceId: hello.instanceId,
  local: nodeToWire(hello.local),
  variants: hello.variants.map(variantToWire),
  targets: hello.targets.map(targetToWire),
  looks: hello.looks && lookCurvesToWire(hello.looks),
  family: hello.family && { ...hello.family },
  ...requestedObjectiveToWire(hello.objective),
});

/** Throws InvalidInput, naming every fault, without a cell, a device and a run of it, and for a faulty objective. */
export function helloFromWire(wire: policy.Hello): Received<CellHello> {
  const faults = new Violations();
  const told = new Violations();
  const { cellId, deviceId, agentInstanceId: instanceId } = wire;
  faults.id(cellId, 'hello.cell_id');
  faults.id(deviceId, 'hello.device_id');
  faults.id(instanceId, 'hello.agent_instance_id');
  const objective = requestedObjectiveFromWire(wire, 'hello', faults, told);
  faults.throwIfAny();
  const looks = lookCurvesFromWire(wire.looks, 'hello.looks', told);
  const family = familyFromWire(wire.family, 'hello.family', told);
  const value = {
    cellId,
    ...(wire.takesRenewals && { takesRenewals: true }),
    hello: {
      deviceId,
      instanceId,
      local: localFromWire(wire.local, 'hello.local', told, deviceId) ?? runsNothing(deviceId),
      variants: variantsFromWire(wire.variants, 'hello.variants', told),
      targets: targetsFromWire(wire.targets, 'hello.targets', told, deviceId),
      ...(family && { family }),
      ...(looks && { looks }),
      ...(objective && { objective }),
    },
  };
  return { value, leftOut: told.found };
}

/** What an agent may say first. Throws InvalidInput as `helloFromWire`. */
export function firstFromWire(request: policy.OrchestrateRequest): Received<CellHello> {
  if (request.message?.$case === 'hello') return helloFromWire(request.message.value);
  throw new InvalidInput([{ field: 'message', description: 'expected hello first' }]);
}

/** The processor of the device `deviceId`; undefined, and told, when it is none. */
export const localFromWire = (
  wire: common.NodeLoad | undefined,
  field: string,
  told: Violations,
  deviceId: string,
): NodeReport | undefined =>
  usable(told, (faults) => {
    const local = nodeFromWire(wire, field, { faults, told });
    if (wire) {
      faults.check(local.node.id === deviceId, `${field}.node_id`, 'expected the id of the device');
      faults.check(local.node.tier === 'device', `${field}.tier`, 'expected TIER_DEVICE');
    }
    return local;
  });

/** The processor of a device that says nothing usable of it. */
function runsNothing(deviceId: string): NodeReport {
  const load = { nodeId: deviceId, tier: tierToWire('device'), slots: 1 };
  const none = new Violations();
  return nodeFromWire(common.NodeLoad.fromPartial(load), '', { faults: none, told: none });
}
