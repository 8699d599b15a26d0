import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { FakeClock, type Random, seededRandom, silentLogger } from '@weir/base';
import { configSpec, startPolicyService } from '@weir/policy-service';
import { agent, common, policy } from '@weir/proto';
import { contracts } from '@weir/proto/contracts';
import { callUnary, connect, openDuplex } from '@weir/rpc';
import fc from 'fast-check';
import { setTimeout as sleep } from 'node:timers/promises';
import { variation } from './messages.ts';
import { nextSeed, type Tally } from './tally.ts';

const cellId = 'cell-1';
const honest = ['camera-1', 'camera-2', 'camera-3', 'camera-4'];
/** Virtual seconds: until the cell has settled, with the liar in it, and after it has left. */
const seconds = { before: 10, hostile: 30, after: 20 };
const framesASecond = 5;

type Planned = common.Placement;
type Said = NonNullable<policy.OrchestrateRequest['message']>;
type Client = policy.PolicyServiceClient;

/** What is true: the large variant takes ten times as long, and the edge a fifth of the device's own time. */
const serviceMs = { edge: { small: 5, large: 50 }, device: { small: 20, large: 400 } } as const;
const accuracy = { small: 0.7, large: 0.9 } as const;
type VariantName = keyof typeof accuracy;

const loadOf = (nodeId: string, tier: common.Tier, slots: number) => ({
  nodeId,
  tier,
  slots,
  utilization: 0.1,
  services: Object.entries(serviceMs[tier === common.Tier.EDGE ? 'edge' : 'device']).map(([variant, ms]) => ({
    variant,
    serviceMs: ms,
  })),
});
/** So large that where one device runs makes little difference to the others. */
const targets = [{ load: loadOf('edge-1', common.Tier.EDGE, 16), roundTripMs: 10, reachable: true }];

/** Of margins that are as likely as any in 0..1. */
const looks: common.LookCurves = {
  version: 'curves-1',
  pictures: 20_000,
  curves: [
    {
      first: 'small',
      second: 'large',
      changed: 0.3,
      steps: [{ marginBelow: 0.4, share: 0.4, gain: 0.15, standardError: 0.01, changed: 0.2 }],
    },
  ],
};

const helloOf = (deviceId: string, agentInstanceId: string) =>
  policy.Hello.fromPartial({
    cellId,
    deviceId,
    agentInstanceId,
    local: loadOf(deviceId, common.Tier.DEVICE, 1),
    variants: [
      { name: 'small', macs: 41e6, precision: 'int8', accuracy: accuracy.small },
      { name: 'large', macs: 569e6, precision: 'fp32', accuracy: accuracy.large },
    ],
    targets,
    looks,
  });
const stateOf = (deviceId: string) =>
  policy.AgentState.fromPartial({
    framesPerSecond: framesASecond,
    arrivalVariability: 1,
    targets,
    local: loadOf(deviceId, common.Tier.DEVICE, 1),
  });

function outcomeAt(placement: Planned, sequence: number, random: Random): policy.Outcome {
  const variant = placement.variant as VariantName;
  const local = placement.tier === common.Tier.DEVICE;
  const computeMs = serviceMs[local ? 'device' : 'edge'][variant] * (0.95 + 0.1 * random.uniform());
  const networkMs = local ? 0 : 5;
  const responseMs = computeMs + 2 * networkMs + 1;
  return policy.Outcome.fromPartial({
    sequence: BigInt(sequence),
    placement,
    directiveVersion: 1n,
    reason: agent.Reason.PLANNED,
    hops: { agentMs: 1, uplinkMs: networkMs, computeMs, downlinkMs: networkMs },
    responseMs,
    predictedMs: responseMs,
    energyJ: 0.5,
    expectedAccuracy: accuracy[variant],
    confidence: 0.8,
    margin: random.uniform(),
    propensity: 1,
    batchSize: 1,
  });
}

/** One session: what it was told, and whether it stands. */
function session(client: Client, hello: policy.Hello) {
  const stream = openDuplex(client, client.orchestrate);
  let directive: policy.Directive | undefined;
  let through = 0n;
  let over = false;
  let refused: unknown;
  const waiting = new Set<() => void>();
  const told = () => waiting.forEach((look) => look());
  const reading = (async () => {
    for await (const { message } of stream) {
      if (message?.$case === 'directive') directive = message.value;
      else if (message?.$case === 'ack') through = message.value.throughSequence;
      told();
    }
  })()
    .catch((error: unknown) => (refused = error))
    .finally(() => {
      over = true;
      told();
    });
  const say = (message: Said) => void stream.send({ message }).catch(() => {});
  say({ $case: 'hello', value: hello });
  return {
    say,
    get directive() {
      return directive;
    },
    get over() {
      return over;
    },
    /** What ended it; undefined: nothing has, or it ended well. */
    get refused() {
      return refused;
    },
    /** Resolves once it holds, or the session is over. */
    until: (holds: (now: { directive: policy.Directive | undefined; through: bigint }) => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!over && !holds({ directive, through })) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    /** Resolves when all that was said has been read: whether none of it was refused. */
    async end(): Promise<boolean> {
      stream.end();
      await reading;
      return refused === undefined;
    },
  };
}

/** What a hostile device says in each second; resolves when all of it has been read. */
type Hostile = (client: Client, second: number) => Promise<void>;

/** Where the honest devices are planned in each second from the liar's first on, e.g. `edge-1 small`; `exploring`: to learn. */
async function plansOf(accuracyFloor: number, hostile?: Hostile): Promise<ReadonlyMap<string, string[]>> {
  const clock = new FakeClock(1_000_000);
  const config = { ...configSpec.schema.parse({ accuracyFloor, deadlineMs: 500, seed: 7 }) };
  await using app = await startPolicyService(config, { clock, logger: silentLogger });
  await using connection = connect(app.address);
  const client = connection.client(policy.PolicyServiceClient);
  // A device has a connection of its own.
  await using another = connect(app.address);
  const liarsClient = another.client(policy.PolicyServiceClient);
  const random = seededRandom(3);
  const devices = honest.map((id) => ({ id, session: session(client, helloOf(id, 'run-1')), sent: 0 }));
  // Plans are made when the clock says so, and Hellos arrive when they do.
  while (devices.some((each) => !each.session.directive)) {
    await sleep(50);
    clock.advance(20);
  }
  const plans = new Map(honest.map((id) => [id, [] as string[]]));
  for (let second = 0; second < seconds.before + seconds.hostile + seconds.after; second++) {
    for (const each of devices) {
      each.session.say({ $case: 'state', value: stateOf(each.id) });
      const { planned } = each.session.directive!;
      const outcomes = Array.from({ length: framesASecond }, () => outcomeAt(planned!, ++each.sent, random));
      each.session.say({
        $case: 'outcomes',
        value: { outcomes, oldestPendingSequence: 1n, state: undefined },
      });
      await each.session.until(({ through }) => through >= BigInt(each.sent));
    }
    if (hostile && second >= seconds.before && second < seconds.before + seconds.hostile)
      await hostile(liarsClient, second);
    await clock.advanceAsync(1_000);
    for (const each of devices) {
      const { directiveVersion } = await callUnary(client, client.decide, { cellId, deviceId: each.id });
      await each.session.until(({ directive }) => directive!.version >= directiveVersion);
      if (each.session.over)
        throw new Error(`the session of ${each.id} has ended`, { cause: each.session.refused });
      const { planned, explored } = each.session.directive!;
      if (second >= seconds.before)
        plans.get(each.id)!.push(explored ? 'exploring' : `${planned!.nodeId} ${planned!.variant}`);
    }
  }
  await Promise.all(devices.map((each) => each.session.end()));
  return plans;
}

/**
 * A device that says anything that its types allow, over good sessions of its own: `messages` of them in half a minute, with
 * second looks and audits that change every answer and truths of which none was right.
 */
function liar(messages: number, random: Random) {
  const request = contracts().getMessage('weir.policy.v1.OrchestrateRequest')!;
  const counts = { messages: 0, sessions: 0, refused: 0 };
  let sequence = 0;
  const placement = (variant: VariantName): Planned => ({
    tier: common.Tier.EDGE,
    nodeId: 'edge-1',
    variant,
  });
  const edge = (variant: VariantName) => outcomeAt(placement(variant), ++sequence, random);
  /** It changed the answer of a first look with a margin of so much. */
  const looked = (margin: number): policy.Outcome => ({
    ...edge('large'),
    firstLook: { placement: placement('small'), margin, agreed: false },
  });
  const outcomes = (of: policy.Outcome[]): Said => ({
    $case: 'outcomes',
    value: { outcomes: of, oldestPendingSequence: 1n, state: undefined },
  });
  const bases = (run: string): Said[] => {
    const measured = {
      labelled: BigInt(100 * counts.messages),
      promised: 0.9,
      withoutShortfall: 0.9,
      level: 0.95,
    };
    const [unsure, sure] = [0.3 * random.uniform(), 0.5 + 0.5 * random.uniform()];
    return [
      { $case: 'hello', value: helloOf('liar', run) },
      { $case: 'state', value: policy.AgentState.fromPartial({ ...stateOf('liar'), measured }) },
      outcomes([edge('small'), edge('large')]),
      outcomes([
        { ...edge('small'), margin: unsure, lookAgainBelow: 0.4, lookedAgain: true },
        { ...looked(unsure), reason: agent.Reason.UNSURE },
      ]),
      outcomes([
        { ...edge('small'), margin: sure },
        { ...looked(sure), reason: agent.Reason.AUDIT, auditProbability: 0.01 },
      ]),
    ];
  };
  const lie = (base: Said): Said => {
    const bytes = policy.OrchestrateRequest.encode({ message: base }).finish();
    const edits = 1 + Math.floor(3 * random.uniform());
    for (;;) {
      const [varied] = fc.sample(variation(request, bytes, edits), { numRuns: 1, seed: nextSeed(random) });
      const said = readable(varied!);
      if (said?.$case === base.$case) return said;
    }
  };
  const readable = (bytes: Uint8Array): Said | undefined => {
    try {
      return policy.OrchestrateRequest.decode(toBinary(request, fromBinary(request, bytes))).message;
    } catch {
      return undefined;
    }
  };
  const close = async (open: ReturnType<typeof session> | undefined) => {
    if (open && !(await open.end())) counts.refused++;
  };
  const hostile: Hostile = async (client) => {
    let open: ReturnType<typeof session> | undefined;
    for (let left = Math.ceil(messages / seconds.hostile); left > 0; left--) {
      const run = `run-${counts.sessions}`;
      if (!open || open.over || left % 40 === 0) {
        await close(open);
        const hello = lie(bases(run)[0]!).value as policy.Hello;
        counts.sessions++;
        counts.messages++;
        // Who it is, its certificate says.
        open = session(client, { ...hello, cellId, deviceId: 'liar', agentInstanceId: run });
        continue;
      }
      const [, ...others] = bases(run);
      const said = lie(others[Math.floor(others.length * random.uniform())]!);
      open.say(said);
      counts.messages++;
    }
    await close(open);
  };
  return { hostile, counts };
}

const mostFrequent = (values: readonly string[]) =>
  [...Map.groupBy(values, (value) => value)].sort(([, one], [, other]) => other.length - one.length)[0]!;

/** Puts a liar beside four honest devices, at two floors, and holds their plans against those of a cell without it. */
export async function checkPoison({
  messages,
  random,
  tally,
}: {
  readonly messages: number;
  readonly random: Random;
  readonly tally: Tally;
}): Promise<void> {
  for (const floor of [0.6, 0.9]) {
    const control = await plansOf(floor);
    const { hostile, counts } = liar(messages, random);
    const beside = await plansOf(floor, hostile);
    console.log(
      `       floor ${floor}: ${counts.messages} messages of a hostile device in ${counts.sessions} sessions, ${counts.refused} of which ended by a refusal`,
    );
    for (const id of honest) {
      const [place, there] = mostFrequent(control.get(id)!);
      const seen = beside.get(id)!;
      const share = seen.filter((each) => each === place).length / seen.length;
      const before = there.length / seen.length;
      tally.check(
        `floor ${floor}, ${id}: planned at ${place} for ${(100 * share).toFixed(0)} % of the seconds beside it, ${(100 * before).toFixed(0)} % without`,
        mostFrequent(seen)[0] === place && share >= 0.8 * before,
      );
    }
  }
}
