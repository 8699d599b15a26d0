import { median, percentile, seededRandom } from '@weir/base';
import { createDispatcher } from '@weir/dispatch';
import { type ActionCost, defaultObjective, type LookCurves, type Tier, type Variant } from '@weir/domain';
import { expectedAccuracy, loadFamily } from '@weir/inference';
import { paperFamily } from '@weir/simulation';

/** What a device may choose from. */
export interface Actions {
  readonly variants: readonly Variant[];
  readonly looks?: LookCurves;
  readonly accuracyFloor: number;
  readonly actions: readonly ActionCost[];
}

const action = (
  tier: Tier,
  nodeId: string,
  { name, accuracy }: Variant,
  ms: [number, number],
): ActionCost => ({
  placement: { tier, nodeId, variant: name },
  accuracy,
  serviceMs: ms[0],
  networkMs: ms[1],
  energyJ: 0,
});

/** Eight variants on the device, the best one on an edge and a cloud, one look a frame. */
export const paperActions = (): Actions => ({
  variants: paperFamily,
  accuracyFloor: 0.85,
  actions: [
    ...paperFamily.map((variant) => action('device', 'device-1', variant, [12 + variant.macs / 2e6, 0])),
    action('edge', 'edge-1', paperFamily[0]!, [120, 30]),
    action('cloud', 'cloud-1', paperFamily[0]!, [100, 80]),
  ],
});

/** The shipped family's eight variants on the device, two edges and a cloud, with its curves. */
export async function shippedActions(): Promise<Actions> {
  const family = await loadFamily();
  const variants = family.variants.map((variant): Variant => ({
    name: variant.name,
    macs: variant.macs ?? 1,
    precision: variant.precision === 'int8' ? 'int8' : 'fp32',
    accuracy: expectedAccuracy(variant),
  }));
  const most = Math.max(...variants.map(({ macs }) => macs));
  const best = Math.max(...variants.map(({ accuracy }) => accuracy));
  const targets: [Tier, string, number, number][] = [
    ['device', 'device-1', 1, 0],
    ['edge', 'edge-1', 0.3, 30],
    ['edge', 'edge-2', 0.4, 20],
    ['cloud', 'cloud-1', 0.2, 80],
  ];
  return {
    variants,
    ...(family.looks && { looks: family.looks }),
    accuracyFloor: best - 0.009,
    actions: targets.flatMap(([tier, nodeId, slowness, networkMs]) =>
      variants.map((variant) =>
        action(tier, nodeId, variant, [slowness * (12 + (400 * variant.macs) / most), networkMs]),
      ),
    ),
  };
}

/** Times one device that decides by itself: random arrivals, targets that report once a second, margins as the curves say. */
export function timeDispatch(
  { variants, looks, accuracyFloor, actions }: Actions,
  { frames, seed }: { readonly frames: number; readonly seed: number },
) {
  const random = seededRandom(seed).fork('dispatch');
  const objective = { ...defaultObjective, accuracyFloor };
  const dispatcher = createDispatcher({
    deviceId: 'device-1',
    localNode: { id: 'device-1', tier: 'device', slots: 1, variants: variants.map(({ name }) => name) },
    variants,
    objective,
    random,
    ...(looks && { looks }),
  });
  dispatcher.applyDirective(
    {
      instanceId: 'bench',
      version: 1,
      leaseMs: 1e12,
      learner: 'planner',
      planned: actions[0]!.placement,
      thresholdMs: 20,
      explored: false,
      propensity: 1,
      actions,
      // The price that these actions have by themselves.
      accuracyPriceMs: 0,
      objective,
      ledger: { ledgerId: 'bench', creditTotal: 0, debitRequestedTotal: 0 },
      predictedMs: 200,
    },
    0,
  );
  const remote = actions.filter(({ placement: { tier } }) => tier !== 'device');
  const nodes = [...new Set(remote.map(({ placement: { nodeId } }) => nodeId))];
  for (const nodeId of nodes) dispatcher.setReachable(nodeId, true, 0);

  const times: number[] = [];
  const empty: number[] = [];
  const shares = new Map(
    (looks?.curves ?? []).flatMap(({ first, second, steps }) =>
      steps.map(({ marginBelow, share }) => [`${first} ${second} ${marginBelow}`, share]),
    ),
  );
  const shareOf = (first: string, { variant, marginBelow }: { variant: string; marginBelow: number }) =>
    shares.get(`${first} ${variant} ${marginBelow}`)!;
  let lookedAgain = 0;
  let now = 0;
  let reportedAt = -Infinity;
  for (let frame = 0; frame < frames; frame++) {
    now += random.exponential(400);
    if (now - reportedAt >= 1_000) {
      reportedAt = now;
      for (const nodeId of nodes) {
        const backlogMs = 100 * random.uniform();
        const load = { slots: 2, inService: 1, queued: 0, meanBacklogMs: 50, congestionPerMs: 0.005 };
        dispatcher.reportLoad({ ...load, nodeId, backlogMs, utilization: 0.5 }, now);
      }
    }
    const certainty = random.uniform();
    const before = performance.now();
    const started = performance.now();
    const first = dispatcher.dispatch(now);
    const settlement = { ok: true, responseMs: first.predictedMs, queueMs: 0 };
    if (first.lookAgain && certainty < shareOf(first.placement.variant, first.lookAgain)) {
      lookedAgain++;
      const second = dispatcher.lookAgain(first, settlement, now + 1);
      if (second) dispatcher.settle(second, { ...settlement, responseMs: second.predictedMs }, now + 2);
    } else dispatcher.settle(first, settlement, now + 1);
    const ended = performance.now();
    times.push(1_000 * (ended - started));
    empty.push(1_000 * (started - before));
  }
  return {
    frames,
    actions: actions.length,
    lookedAgain: lookedAgain / frames,
    us: { p50: median(times), p99: percentile(times, 0.99) },
    emptyUs: median(empty),
  };
}
