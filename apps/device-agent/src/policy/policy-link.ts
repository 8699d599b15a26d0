import type { Clock, Logger, Random } from '@weir/base';
import type { Dispatcher } from '@weir/dispatch';
import { policy } from '@weir/proto';
import { connect, openDuplex, type PeerFaults } from '@weir/rpc';
import { helloToWire } from '@weir/wire';
import type { CellView } from '../targets/cell-view.ts';
import type { Config } from '../config.ts';
import type { AgentMetrics } from '../telemetry/metrics.ts';
import { tellForeignCurves } from './foreign-curves.ts';
import type { OutcomeBuffer } from './outcome-buffer.ts';
import type { OwnObjective } from './own-objective.ts';
import { PolicyRoute } from './policy-route.ts';
import { PolicySession } from './policy-session.ts';
import type { DecisionTrace } from '../trace/decision-trace.ts';
import type { Truths } from '../truth/truths.ts';
import { securityOf } from '../security.ts';

export interface PolicyLinkOptions {
  readonly config: Config;
  /** This run of the agent: outcome sequences count within it. */
  readonly instanceId: string;
  readonly dispatcher: Dispatcher;
  readonly view: CellView;
  readonly outcomes: OutcomeBuffer;
  readonly truths: Truths;
  readonly trace: DecisionTrace;
  readonly ownObjective: OwnObjective;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly metrics: AgentMetrics;
  readonly faults: PeerFaults;
}

export interface PolicyLink extends AsyncDisposable {
  readonly session: PolicySession;
}

/** Connects the policy, one of those that share the cells, and speaks for this device. */
export function linkPolicy(addresses: readonly string[], options: PolicyLinkOptions): PolicyLink {
  const { config, instanceId, dispatcher, view, outcomes, truths, trace, ownObjective } = options;
  const { clock, random, logger, metrics, faults } = options;
  const { cellId, deviceId } = config;
  const route = new PolicyRoute({
    addresses,
    connect: (address) => connect(address, securityOf(config)),
    clock,
  });
  const checkCurves = tellForeignCurves(() => view.known, logger);
  const session = new PolicySession({
    openStream(signal) {
      metrics.opening('policy');
      const client = route.connection.client(policy.PolicyServiceClient);
      const stream = openDuplex(client, client.orchestrate, { signal });
      route.expectAnswer(() => stream.cancel());
      return stream;
    },
    onEnded: (error) => route.ended(error),
    clock,
    random: random.fork('policy'),
    logger,
    outcomes,
    onFault: faults.of('policy'),
    connectionStands: () => route.connection.connected,
    hello() {
      const { asked: objective } = ownObjective;
      const { family } = view;
      const { looks } = view.known;
      const own = { deviceId, instanceId, local: view.plannedLocally(), family };
      const known = { variants: view.variants(), targets: view.targets(), ...(looks && { looks }) };
      return helloToWire({
        cellId,
        takesRenewals: true,
        hello: { ...own, ...known, ...(objective && { objective }) },
      });
    },
    state() {
      const { balance, framesPerSecond, arrivalVariability } = dispatcher.status(clock.now());
      const measured = truths.measured();
      return {
        balance,
        framesPerSecond,
        arrivalVariability,
        targets: view.targets(),
        local: view.plannedLocally(),
        ...(measured && { truths: measured, trials: truths.trials() }),
      };
    },
    decisions: (limit) => trace.newest(limit, clock.now()),
    onAcknowledged(acknowledged) {
      const now = clock.now();
      for (const { outcome } of acknowledged) metrics.acknowledged(now - outcome.at);
    },
    onRenewed: (version) => dispatcher.renewLease(version, clock.now()),
    onDirective(directive) {
      const { tier, nodeId, variant } = directive.planned;
      metrics.directed(`${tier} ${nodeId} ${variant}`);
      checkCurves(directive);
      ownObjective.directed(directive);
      dispatcher.applyDirective(directive, clock.now());
    },
  });
  return {
    session,
    async [Symbol.asyncDispose]() {
      await session[Symbol.asyncDispose]();
      await route[Symbol.asyncDispose]();
    },
  };
}
