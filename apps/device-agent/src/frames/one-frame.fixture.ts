import { Cancelled, DeadlineExceeded, FakeClock, silentLogger } from '@weir/base';
import type { Decision, Dispatcher, DispatchOptions, Settlement } from '@weir/dispatch';
import type { Outcome, Placement, Tier } from '@weir/domain';
import { common } from '@weir/proto';
import { extractTraceContext } from '@weir/rpc';
import type { InferenceFacts, InferenceSpan } from '@weir/telemetry';
import { noRescue } from '../targets/rescue.ts';
import { RescueWindows } from './rescue-windows.ts';
import type { Target, TargetAnswer, TargetRequest } from '../targets/target.ts';
import type { FrameWishes } from './frame.ts';
import { infer } from './inference.ts';

const place = (tier: Tier, nodeId: string, variant: string): Placement => ({ tier, nodeId, variant });
export const onDevice = place('device', 'device-1', 'small');
export const onEdge = place('edge', 'edge-1', 'large');
export const onCloud = place('cloud', 'cloud-1', 'large');

export const decide = (placement: Placement, more: Partial<Decision> = {}): Decision => ({
  placement,
  reason: 'planned',
  predictedMs: 30,
  costMs: 40,
  plannedCostMs: 40,
  savedMs: 4,
  lookAgain: undefined,
  accuracy: 0.86,
  directiveVersion: 7,
  learner: 'planner',
  leaseExpired: false,
  balance: 1,
  propensity: 1,
  ...more,
});

/** Takes `ms` and says `classIndex`, as surely as `margin`. */
interface Says {
  readonly ms: number;
  readonly margin?: number;
  readonly classIndex?: number;
}
type Behaviour = Says | { readonly ms: number; readonly fails: Error } | 'hangs';

interface Scene {
  /** Whether the decision asks for a second look, below a margin of 0.3. @default true */
  readonly looksTwice?: boolean;
  /** Where the frame is sent before it goes to the device itself. */
  readonly firsts?: readonly Placement[];
  /** What the device and the target are expected to spend on a frame, J, when it answers the first look at the same time. */
  readonly hedge?: { readonly own: number; readonly target: number };
  /** Where second looks go, one after the other. */
  readonly again?: readonly Placement[];
  readonly nodes: Readonly<Record<string, Behaviour>>;
  readonly deadlineMs?: number;
  /** The frame is tensors for a model that is no classifier. */
  readonly tensors?: boolean;
  readonly wishes?: FrameWishes;
  /** The canary in whose trial the frame takes part, where it is one. */
  readonly canary?: string;
}

/** What the span of one look was told. */
type ToldLook = InferenceFacts & {
  readonly number: number;
  readonly from: number;
  to?: number;
  local?: boolean;
  failed?: string;
};

/** Notes what the spans of a frame's looks are told. */
function notingSpan(looks: ToldLook[]): InferenceSpan {
  const context = extractTraceContext(undefined);
  return {
    context,
    attemptFailed() {},
    look({ number, at: from, facts }) {
      const look: ToldLook = { number, from, ...facts?.() };
      looks.push(look);
      return {
        context,
        answered: ({ at: to, local, facts: known }) => void Object.assign(look, { to, local, ...known?.() }),
        failed: ({ at: to, status, facts: known }) =>
          void Object.assign(look, { to, failed: status, ...known?.() }),
      };
    },
    answered() {},
    failed() {},
  };
}

/** A device with a dispatcher that does as it is told, and notes what it is told. */
export function oneFrame(scene: Scene) {
  const {
    looksTwice = true,
    firsts = [],
    hedge,
    again = [],
    nodes,
    deadlineMs = 1_000,
    tensors = false,
    wishes,
    canary,
  } = scene;
  /** Of each dispatch: whether a canary could have been drawn, and which nodes were left out. */
  const dispatched: { readonly mayDraw: boolean; readonly exclude: readonly string[] }[] = [];
  /** What was wished for at each choice of a place. */
  const wished: [choice: 'dispatch' | 'hedge', FrameWishes][] = [];
  const wish = (choice: 'dispatch' | 'hedge', { leastAccuracy, variant }: DispatchOptions) =>
    void wished.push([choice, { leastAccuracy, variant }]);
  const clock = new FakeClock(1_000);
  const told: unknown[] = [];
  const left = [...again];
  const leftFirst = [...firsts];
  const nameOf = ({ placement }: Decision) => placement.nodeId;
  const dispatcher = {
    probe: () => undefined,
    linkCheck: () => undefined,
    hedge(_decision: Decision, _now: number, options: DispatchOptions = {}) {
      wish('hedge', options);
      return hedge && { decision: decide(onDevice, { reason: 'fallback', accuracy: 0.7 }), energyJ: hedge };
    },
    dispatch(_now: number, options: DispatchOptions = {}) {
      wish('dispatch', options);
      const { draw, exclude = [] } = options;
      dispatched.push({ mayDraw: draw !== undefined, exclude: [...exclude] });
      return decide(leftFirst.shift() ?? onDevice, {
        ...(looksTwice && { lookAgain: { variant: 'large', marginBelow: 0.3 } }),
        ...(canary !== undefined && draw && { trial: canary }),
      });
    },
    lookAgain(decision: Decision, settlement: Settlement, now: number, options: DispatchOptions = {}) {
      const { deadlineMs: leftMs, exclude = [] } = options;
      told.push({ lookAgain: nameOf(decision), ...settlement, now, leftMs, exclude: [...exclude] });
      const next = leftMs! > 0 ? left.shift() : undefined;
      return next && decide(next, { reason: 'unsure', predictedMs: 50, propensity: 0.5 });
    },
    settle(decision: Decision, settlement: Settlement, now: number) {
      told.push({ settle: nameOf(decision), ...settlement, now });
    },
  } as unknown as Dispatcher;
  const asked: (TargetRequest & { nodeId: string })[] = [];
  const stop = new AbortController();
  const target = (nodeId: string): Target => ({
    nodeId,
    tier: 'edge',
    reachable: true,
    run(request) {
      asked.push({ ...request, nodeId });
      const behaviour = nodes[nodeId]!;
      return new Promise<TargetAnswer>((resolve, reject) => {
        request.signal.addEventListener('abort', () => reject(new Cancelled('cancelled')), { once: true });
        clock.after(request.deadlineAt - clock.now(), () => reject(new DeadlineExceeded('late')));
        if (behaviour === 'hangs') return;
        clock.after(behaviour.ms, () => {
          if ('fails' in behaviour) return reject(behaviour.fails);
          const { ms, margin = 0.1, classIndex = 3 } = behaviour;
          const classification = { classIndex, label: `class ${classIndex}`, confidence: 0.5, margin };
          // The device itself is all compute; the others have networks.
          const uplinkMs = nodeId === 'device-1' ? 0 : 5;
          const hops = { uplinkMs, queueMs: 1, decodeMs: 2, computeMs: ms - uplinkMs - 3, downlinkMs: 0 };
          resolve({
            classification: tensors ? undefined : common.Classification.fromPartial(classification),
            ...(tensors && { outputs: [common.NamedTensor.fromPartial({ name: nodeId })] }),
            hops,
            energyJ: ms / 1_000,
            concurrency: nodeId === 'device-1' ? 0 : 2,
            batchSize: 1,
          });
        });
      });
    },
  });
  const spans: ToldLook[] = [];
  const outcomes: (Outcome & { confidence: number })[] = [];
  /** Errors. */
  const logged: object[] = [];
  const answer = infer(
    {
      input: {
        content: tensors
          ? { $case: 'tensors', value: { tensors: [] } }
          : { $case: 'encodedImage', value: Buffer.alloc(1) },
      },
      arrivedAt: clock.now(),
      deadlineAt: clock.now() + deadlineMs,
      signal: stop.signal,
      span: notingSpan(spans),
      wishes,
    },
    {
      deviceId: 'device-1',
      dispatcher,
      target,
      clock,
      logger: { ...silentLogger, error: (facts: object) => void logged.push(facts) },
      record: (outcome, confidence) => outcomes.push({ ...outcome, confidence }),
      refresh() {},
      rescue: () => noRescue,
      rescueWindows: new RescueWindows(),
    },
  );
  answer.catch(() => {});
  return { clock, answer, told, asked, outcomes, spans, stop, logged, wished, dispatched };
}
