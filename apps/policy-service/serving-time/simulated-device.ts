import type { Random } from '@weir/base';
import type { DeviceHello, Outcome, Placement } from '@weir/domain';
import { policy } from '@weir/proto';
import type { DuplexStream } from '@weir/rpc';
import { stateToWire } from '@weir/wire';
import {
  deviceHello,
  deviceState,
  helloToWire,
  looks,
  outcome,
  outcomeToWire,
} from '../src/sessions/agent.fixture.ts';

/** Frames that are audited. */
const auditShare = 0.01;
const lookAgainBelow = looks.curves[0]!.steps[0]!.marginBelow;

/** One device's end of its session: one frame, answered as planned, and one state a second. */
export class SimulatedDevice {
  readonly #hello: DeviceHello;
  readonly #looksTwice: boolean;
  readonly #random: Random;
  readonly #waiting: Uint8Array[] = [];
  #wake: (() => void) | undefined;
  #sequence = 0;
  #planned: Placement = { tier: 'edge', nodeId: 'edge-1', variant: 'large' };
  directives = 0;

  constructor(deviceId: string, { looksTwice, random }: { looksTwice: boolean; random: Random }) {
    this.#hello = deviceHello(deviceId, looksTwice ? { looks } : {});
    this.#looksTwice = looksTwice;
    this.#random = random;
    this.#tell({ message: { $case: 'hello', value: helloToWire('c', this.#hello) } });
  }

  /** As the service has it. */
  get stream(): DuplexStream<policy.OrchestrateRequest, policy.OrchestrateResponse> {
    return {
      [Symbol.asyncIterator]: () => this.#receive(),
      forEach: async (take) => {
        for await (const request of this.#receive()) await take(request);
      },
      send: async (response) => {
        policy.OrchestrateResponse.encode(response).finish();
        if (response.message?.$case !== 'directive') return;
        this.directives++;
        const { nodeId, variant } = response.message.value.planned!;
        this.#planned = { tier: nodeId === this.#hello.deviceId ? 'device' : 'edge', nodeId, variant };
      },
    };
  }

  /** What it is about to say. */
  prepare(now: number): void {
    const outcomes = this.#frame(now).map((each) => outcomeToWire(++this.#sequence, each, now));
    const { local, targets } = this.#hello;
    const state = stateToWire(deviceState({ framesPerSecond: 1, local, targets }));
    const value = { outcomes, oldestPendingSequence: BigInt(this.#sequence), state };
    this.#tell({ message: { $case: 'outcomes', value } });
  }

  /** It says it. */
  speak(): void {
    this.#wake?.();
  }

  async *#receive(): AsyncGenerator<policy.OrchestrateRequest> {
    for (;;) {
      const bytes = this.#waiting.shift();
      if (bytes) yield policy.OrchestrateRequest.decode(bytes);
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #tell(request: policy.OrchestrateRequest): void {
    this.#waiting.push(policy.OrchestrateRequest.encode(request).finish());
  }

  #frame(at: number): Outcome[] {
    const { deviceId } = this.#hello;
    const placement = this.#planned;
    const margin = this.#random.uniform();
    const first = this.#answer({ placement, margin, at });
    if (!this.#looksTwice || placement.variant !== 'small') return [first];
    const best: Placement = { tier: 'edge', nodeId: 'edge-1', variant: 'large' };
    const agreed = this.#random.uniform() < 0.8;
    const firstLook = { placement, margin, agreed };
    if (placement.nodeId === deviceId && margin < lookAgainBelow * 0.75)
      return [
        { ...first, lookedAgain: true, lookAgainBelow },
        { ...this.#answer({ placement: best, margin, at }), reason: 'unsure', firstLook },
      ];
    if (this.#random.uniform() >= auditShare) return [{ ...first, lookAgainBelow }];
    const audit = { reason: 'audit', auditProbability: auditShare, shadow: true, firstLook } as const;
    return [
      { ...first, lookAgainBelow },
      { ...this.#answer({ placement: best, margin, at }), ...audit },
    ];
  }

  #answer(given: Pick<Outcome, 'placement' | 'margin' | 'at'>): Outcome {
    const { tier, variant } = given.placement;
    const isSmall = variant === 'small';
    const meanMs = tier === 'edge' ? (isSmall ? 5 : 48) : isSmall ? 18 : 390;
    const { hops } = outcome('');
    const computeMs = meanMs * (0.95 + 0.1 * this.#random.uniform());
    return outcome(this.#hello.deviceId, { ...given, hops: { ...hops, computeMs } });
  }
}
