import type { Dispatcher } from '@weir/dispatch';
import type { agent } from '@weir/proto';
import type { OwnCertificate, PeerFaults } from '@weir/rpc';
import { nodeToWire, placementToWire, tierToWire, truthsToWire } from '@weir/wire';
import type { Audits } from './audits/audits.ts';
import type { CellView } from './targets/cell-view.ts';
import type { FrameCount } from './frames/frame-count.ts';
import type { FrameCounters } from './frames/frame-counters.ts';
import type { OutcomeBuffer } from './policy/outcome-buffer.ts';
import type { Truths } from './truth/truths.ts';

/** Why a frame was refused, and when, epoch ms. */
export interface Refusal {
  readonly text: string;
  readonly at: number;
}

export interface StatusSources {
  readonly deviceId: string;
  readonly cellId: string;
  /** This run of the agent. */
  readonly instanceId: string;
  readonly dispatcher: Dispatcher;
  readonly view: CellView;
  readonly frames: FrameCount;
  readonly counters: FrameCounters;
  /** Of the last frame that no placement was allowed for. */
  readonly refusal: () => Refusal | undefined;
  readonly outcomes: OutcomeBuffer;
  readonly truths: Truths;
  readonly audits: Audits;
  readonly policyConnected: () => boolean;
  readonly localVariants: () => readonly string[];
  readonly faults: PeerFaults;
  readonly certificates: () => readonly OwnCertificate[];
}

/** What the agent knows, decides and has measured. `now`: epoch ms. */
export function agentStatus(sources: StatusSources, now: number): agent.GetStatusResponse {
  const { deviceId, cellId, dispatcher, view, frames, outcomes, truths, policyConnected, localVariants } =
    sources;
  const { agreed, differed, skipped } = sources.audits.counts;
  const refusal = sources.refusal();
  const measured = truths.measured();
  const dispatch = dispatcher.status(now);
  const states = new Map(dispatch.targets.map((target) => [target.nodeId, target]));
  const local = view.localReport();
  return {
    deviceId,
    cellId,
    ...frames.read(),
    balance: dispatch.balance.balance,
    accuracyPriceMs: dispatch.accuracyPriceMs,
    directiveVersion: BigInt(dispatch.directiveVersion),
    planned: dispatch.planned && placementToWire(dispatch.planned),
    learner: dispatch.learner,
    policyConnected: policyConnected(),
    targets: [
      {
        nodeId: deviceId,
        tier: tierToWire('device'),
        reachable: true,
        roundTripMs: 0,
        load: nodeToWire(local),
        loadAgeMs: 0,
        workerNodeId: '',
        identityFault: '',
        ejection: '',
        family: undefined,
        foreignVariants: [],
      },
      ...view.remotes.map(({ nodeId, tier, link, load, reachable }) => ({
        nodeId,
        ...identityToWire(view, nodeId),
        tier: tierToWire(tier),
        reachable: reachable && (states.get(nodeId)?.usable ?? false),
        ejection: states.get(nodeId)?.ejected ?? '',
        roundTripMs: link.state().roundTripMs,
        load: load && nodeToWire(load.value),
        loadAgeMs: load ? Math.max(0, now - load.at) : 0,
      })),
    ],
    outcomesPending: outcomes.pending,
    outcomesDropped: BigInt(outcomes.dropped),
    localVariants: [...localVariants()],
    measured: measured && truthsToWire(measured),
    audits: { agreed: BigInt(agreed), differed: BigInt(differed), skipped: BigInt(skipped) },
    family: { ...view.family },
    peerFaults: sources.faults.all.map(({ peer, cause, text, since }) => ({
      peer,
      cause,
      text,
      ageMs: now - since,
    })),
    certificates: sources.certificates().map(({ file, expiresAt, due }) => ({
      file,
      expiresInMs: expiresAt - now,
      due,
    })),
    instanceId: sources.instanceId,
    ...sources.counters.read(),
    floor: {
      accuracyFloor: dispatch.objective.accuracyFloor,
      obeysPlan: dispatch.obeys,
      pinnedVariant: view.pinned() ?? '',
      refusal: refusal?.text ?? '',
      refusalAgeMs: refusal ? now - refusal.at : 0,
    },
  };
}

function identityToWire(view: CellView, nodeId: string) {
  const { worker, fault, fit } = view.identity(nodeId);
  return {
    workerNodeId: worker,
    identityFault: fault,
    family: fit?.family && { ...fit.family },
    foreignVariants: [...(fit?.foreign ?? [])],
  };
}
