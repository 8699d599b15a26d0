import { type Clock, FailedPrecondition, InvalidInput, type Logger, WeirError } from '@weir/base';
import type { Decision, Dispatcher } from '@weir/dispatch';
import type { Objective, Outcome } from '@weir/domain';
import type { agent } from '@weir/proto';
import { extractTraceContext, injectTraceContext, type OwnCertificate, type PeerFaults } from '@weir/rpc';
import { startInference } from '@weir/telemetry';
import { checkInferRequest, limits, truthsToWire } from '@weir/wire';
import type { Audits } from './audits/audits.ts';
import type { CellView } from './targets/cell-view.ts';
import { answerToWire } from './frames/answer-to-wire.ts';
import { frameFacts } from './frames/facts.ts';
import { bounded } from './frames/bounded.ts';
import type { FrameAnswer, FrameWishes } from './frames/frame.ts';
import type { FrameCount } from './frames/frame-count.ts';
import { FrameCounters } from './frames/frame-counters.ts';
import { infer } from './frames/inference.ts';
import { RescueWindows } from './frames/rescue-windows.ts';
import type { AgentMetrics } from './telemetry/metrics.ts';
import type { OutcomeBuffer } from './policy/outcome-buffer.ts';
import type { AskedObjective, OwnObjective } from './policy/own-objective.ts';
import type { PolicySession } from './policy/policy-session.ts';
import { inputBytes } from './targets/input-bytes.ts';
import { agentStatus, type Refusal } from './status.ts';
import type { DecisionTrace } from './trace/decision-trace.ts';
import type { Truths } from './truth/truths.ts';

/** The device, as an application sees it. */
export interface Agent {
  /** Most frames in flight, of one stream and of all together. */
  readonly maxInFlight: number;
  /** Admits a frame if there is room for it now. */
  admitIfFree(): Admission | undefined;
  /**
   * Admits a frame as soon as fewer are in flight, in the order of asking once `after` has resolved. Rejects with the signal's
   * reason, with DeadlineExceeded when the frame's time is over before, and with InvalidInput for a time that is none.
   */
  admitWhenFree(
    frame: agent.InferRequest,
    call: Pick<CallBounds, 'deadlineAt' | 'signal'> & { after?: Promise<void> | undefined },
  ): Promise<Admission>;
  /** Rejects as `infer` does, and with ResourceExhausted (too many frames in flight) or InvalidInput. */
  answer(request: agent.InferRequest, call: CallBounds): Promise<agent.InferResponse>;
  /** Records a frame that was refused before it began. */
  refused(error: WeirError): void;
  status(): agent.GetStatusResponse;
  /** Throws InvalidInput for too many truths. */
  reportTruth(request: agent.ReportTruthRequest): agent.ReportTruthResponse;
  objective(): Objective;
  /** Throws InvalidInput, naming every fault. */
  setObjective(objective: AskedObjective): void;
}

/** A frame that has been let in. */
export interface Admission {
  /** When it asked, epoch ms. */
  readonly askedAt: number;
  /** Gives its place up; does nothing the second time. */
  readonly leave: () => void;
}

/** Limits that the call puts on its frame. */
export interface CallBounds {
  /** Of a frame that waited for its place; others are let in at once or refused. */
  readonly admission?: Admission;
  /** Epoch ms; Infinity: none. */
  readonly deadlineAt: number;
  readonly signal: AbortSignal;
  /** RPC that brought the frame, e.g. `weir.agent.v1.DeviceAgent/Infer`. */
  readonly rpcMethod?: string;
  readonly wishes?: FrameWishes;
}

export interface AgentParts {
  readonly deviceId: string;
  readonly cellId: string;
  /** This run of the agent. */
  readonly instanceId: string;
  readonly maxInFlight: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dispatcher: Dispatcher;
  readonly view: CellView;
  readonly frames: FrameCount;
  readonly outcomes: OutcomeBuffer;
  readonly ownObjective: OwnObjective;
  readonly truths: Truths;
  readonly audits: Audits;
  readonly trace: DecisionTrace;
  readonly faults: PeerFaults;
  readonly certificates: () => readonly OwnCertificate[];
  readonly localVariants: () => readonly string[];
  readonly localNode: { load(): Parameters<Dispatcher['reportLoad']>[0] };
  /** Undefined without a policy. */
  readonly session: () => PolicySession | undefined;
  readonly metrics: AgentMetrics;
}

export function createAgent(parts: AgentParts): Agent {
  const {
    deviceId,
    clock,
    logger,
    dispatcher,
    view,
    frames,
    outcomes,
    ownObjective,
    truths,
    audits,
    trace,
    session,
    metrics,
  } = parts;
  const counters = new FrameCounters(clock);
  let refusal: Refusal | undefined;
  const measured = () => {
    const report = truths.measured();
    return report && truthsToWire(report);
  };
  let ownLoad = parts.localNode.load();
  const inference = {
    deviceId,
    dispatcher,
    clock,
    logger,
    target: (nodeId: string) => view.target(nodeId),
    rescueWindows: new RescueWindows(),
    rescue: (wishes?: FrameWishes) => view.rescue(ownLoad.backlogMs, wishes),
    refresh(now: number) {
      ownLoad = parts.localNode.load();
      dispatcher.reportLoad(ownLoad, now);
    },
    record(outcome: Outcome, confidence: number) {
      outcomes.add(outcome, confidence);
      if (!outcome.shadow) metrics.attempted(outcome);
      session()?.outcomesAdded();
    },
  };

  metrics.watch(() => {
    const { queued, inService } = parts.localNode.load();
    const { balance, objective, targets } = dispatcher.status(clock.now());
    return {
      framesInFlight: frames.read().inFlight,
      queued,
      inService,
      outcomesPending: outcomes.pending,
      outcomesDropped: outcomes.dropped,
      balance: balance.balance,
      floor: objective.accuracyFloor,
      measured: measured(),
      policyConnected: session()?.connected,
      targets: view.remotes.map(({ nodeId, tier, reachable }) => ({
        nodeId,
        tier,
        reachable: reachable && targets.some((target) => target.nodeId === nodeId && target.usable),
        foreignVariants: view.identity(nodeId).fit?.foreign.size ?? 0,
      })),
    };
  });

  /** When a frame's time is over: its own, or else the objective's, and the call's. */
  const lastMoment = (
    { timeoutMs }: Pick<agent.InferRequest, 'timeoutMs'>,
    { askedAt, deadlineAt }: { askedAt: number; deadlineAt: number },
  ) => Math.min(deadlineAt, askedAt + (timeoutMs || ownObjective.inForce.deadlineMs));

  return {
    maxInFlight: parts.maxInFlight,
    admitIfFree() {
      const askedAt = clock.now();
      const leave = frames.enterIfFree();
      return leave && { askedAt, leave };
    },
    async admitWhenFree(frame, { deadlineAt, signal, after }) {
      // What can only be refused does not wait for its place.
      if (!(frame.timeoutMs >= 0 && frame.timeoutMs <= limits.ms)) checkInferRequest(frame);
      const askedAt = clock.now();
      const until = lastMoment(frame, { askedAt, deadlineAt });
      if (after)
        await bounded(after, { deadlineAt: until, signal, clock }).catch((error: unknown) => {
          throw signal.aborted ? signal.reason : error;
        });
      return { askedAt, leave: await frames.whenFree(signal, { deadlineAt: until }) };
    },
    async answer(request, { deadlineAt, signal, rpcMethod, admission, wishes }) {
      const arrivedAt = admission?.askedAt ?? clock.now();
      const { requestId } = request;
      const span = startInference({
        parent: extractTraceContext(request.trace),
        at: arrivedAt,
        facts: { deviceId, requestId, rpcMethod },
      });
      const entry = trace.begin(requestId, arrivedAt);
      let leave = admission?.leave;
      let counts = false;
      try {
        const input = checkInferRequest(request);
        leave ??= frames.enter();
        counts = true;
        view.frameSeen(inputBytes(input));
        const asked = ownObjective.inForce;
        const until = lastMoment(request, { askedAt: arrivedAt, deadlineAt });
        const { wantOutputs } = request;
        const frame = {
          input,
          arrivedAt,
          deadlineAt: until,
          signal,
          span,
          wantOutputs,
          wishes: withPin(wishes, view.pinned()),
          decided: (decision: Decision | undefined, at: number) =>
            entry.decided(at, decision, dispatcher.explain()),
        };
        const result = await infer(frame, inference);
        entry.answered(result);
        const { accuracy: promised } = result.decision;
        frames.answered(promised);
        counters.answered(result);
        const label = result.classification?.label ?? '';
        const firstLabel = result.looks[0]?.classification?.label ?? label;
        const { balance: account, objective, shortfall } = dispatcher.account();
        truths.answered(requestId, { label, firstLabel, promised, shortfall, trial: trialOf(result) });
        const { balance } = account;
        const { accuracyFloor: floor } = objective;
        const floorSlack = promised - floor;
        span.answered({
          at: arrivedAt + result.responseMs,
          facts: () => ({ ...frameFacts(result), floor, floorSlack, balance }),
        });
        metrics.answered(result, floorSlack);
        audits.answered({ frame, answer: result, objective: asked });
        return answerToWire(result, { requestId, balance, trace: injectTraceContext(span.context) });
      } catch (error) {
        const known = error instanceof WeirError ? error : undefined;
        if (!known) logger.error({ err: error, requestId }, 'frame failed');
        if (counts) frames.failed();
        if (isNotAllowed(known)) refusal = { text: known.message, at: clock.now() };
        const status = known?.status ?? 'INTERNAL';
        metrics.dropped(status);
        entry.failed(status);
        span.failed({ at: clock.now(), status });
        throw error;
      } finally {
        leave?.();
        audits.frameLeft();
      }
    },
    refused(error) {
      // An invalid request is not a frame of the device, as in `answer`.
      if (!(error instanceof InvalidInput)) frames.failed();
      metrics.dropped(error.status);
    },
    status: () =>
      agentStatus(
        {
          ...parts,
          counters,
          refusal: () => refusal,
          policyConnected: () => session()?.connected ?? false,
        },
        clock.now(),
      ),
    reportTruth(request) {
      const results = truths.report(request);
      for (const { refusal } of results) metrics.truth(refusal ? 'refused' : 'taken');
      return { results, measured: measured() };
    },
    objective: () => ownObjective.inForce,
    setObjective(objective) {
      ownObjective.ask(objective);
      session()?.renew();
    },
  };
}

const isNotAllowed = (error: WeirError | undefined): error is FailedPrecondition =>
  error instanceof FailedPrecondition && error.reason === 'NO_PLACEMENT_ALLOWED';

/** A frame that names no variant itself uses the one that is pinned. */
const withPin = (wishes: FrameWishes | undefined, pinned: string | undefined): FrameWishes | undefined =>
  pinned === undefined || wishes?.variant !== undefined
    ? wishes
    : { ...wishes, variant: pinned, belowFloor: true };

const trialOf = ({ decision: { trial, placement } }: FrameAnswer) =>
  trial === undefined ? undefined : { canary: trial, byCanary: placement.variant === trial };
