import { type Random, Unavailable, mean, sleep } from '@weir/base';
import { type Answer, inputOf, isCorrect, type Sample } from '@weir/cell';
import type { agent, common, policy } from '@weir/proto';
import { openDuplex } from '@weir/rpc';
import { tierName } from '@weir/wire';
import { looksOf } from '../frames/looks-of.ts';
import type { PlacedDevice } from './results.ts';
import type { Testbed } from './testbed.ts';

/** One synchronous epoch: every device asked once, at the same moment. Times in ms. */
export interface EpochRecord {
  readonly learner: string;
  readonly explored: boolean;
  readonly placements: readonly PlacedDevice[];
  /** Best joint placement as far as the learner knew. */
  readonly bestKnown: readonly PlacedDevice[];
  /** When the devices asked, by the clock. */
  readonly at: number;
  readonly answers: readonly (Answer & AskedFrame)[];
  readonly failures: readonly (FailedFrame & AskedFrame)[];
  /** False when a frame failed, or did not run where this plan says. */
  readonly complete: boolean;
  /** Mean over the devices. */
  readonly responseMs: number;
  readonly planningMs: number;
  /** From the plan until every device held it. */
  readonly pushMs: number;
}

/** One frame of an epoch. */
export interface AskedFrame {
  readonly deviceId: string;
  readonly sample: Sample;
}

export interface FailedFrame {
  readonly error: unknown;
  /** Until it failed. */
  readonly clientMs: number;
}

/** The cell in epochs, until disposed. */
export interface EpochRunner extends AsyncDisposable {
  /** `pictures`: number of the epoch among those that are shown the same pictures, whoever plans them. */
  next(pictures: number): Promise<EpochRecord>;
}

/** How long PolicyService waits for an epoch's last outcomes, ms. */
const settleTimeoutMs = 5_000;
/** How long a device may take to hold a plan, ms. */
const heldMs = 5_000;

/** `random` draws the order in which devices ask: whoever asks first stands first in the queues. */
export function openEpochs(testbed: Testbed, random: Random): EpochRunner {
  const { applications, pictures, clock, signal, cell } = testbed;
  const { cellId } = cell.description;
  const stream = openDuplex(testbed.policy, testbed.policy.runEpochs, { signal });
  const plans = stream[Symbol.asyncIterator]();

  const plan = async (): Promise<policy.RunEpochsResponse> => {
    // A send that fails ends the stream, which says why.
    void stream.send({ cellId, settleTimeoutMs });
    const { done, value } = (await plans.next()) as IteratorResult<policy.RunEpochsResponse, undefined>;
    if (done) throw new Unavailable('PolicyService ended the epochs');
    return value;
  };

  const ask = async (device: number, picture: number): Promise<AskedFrame & (Answer | FailedFrame)> => {
    const { deviceId, client } = applications[device]!;
    const sample = pictures[picture % pictures.length]!;
    const sentAt = clock.now();
    const asked = { deviceId, sample };
    try {
      const response = await client.infer(inputOf(sample));
      return { ...asked, response, correct: isCorrect(response, sample), clientMs: clock.now() - sentAt };
    } catch (error) {
      return { ...asked, error, clientMs: clock.now() - sentAt };
    }
  };

  return {
    async next(epoch) {
      const { directiveVersion, learner, explored, devices, planningMs, bestKnown } = await plan();
      const plannedAt = clock.now();
      await held(testbed, directiveVersion);
      const at = clock.now();
      const pushMs = at - plannedAt;
      const order = shuffledIndices(applications.length, random);
      const frames = await Promise.all(
        order.map((device) => ask(device, epoch * applications.length + device)),
      );
      signal.throwIfAborted();
      const answers = frames.filter((frame) => 'response' in frame);
      const failures = frames.filter((frame) => 'error' in frame);
      const placements = devices.map(({ deviceId, planned, secondLook }) =>
        placedDevice(deviceId, planned, secondLook),
      );
      return {
        learner,
        explored,
        placements,
        bestKnown: bestKnown.map(({ deviceId, placement, secondLook }) =>
          placedDevice(deviceId, placement, secondLook),
        ),
        at,
        answers,
        failures,
        complete:
          answers.length === applications.length &&
          answers.every(({ deviceId, response }) => {
            const planned = placements.find((device) => device.deviceId === deviceId);
            const held = response.decision?.directiveVersion === directiveVersion;
            return held && planned !== undefined && asPlanned(response, planned);
          }),
        responseMs: mean(answers.map(({ response }) => response.responseMs)),
        planningMs,
        pushMs,
      };
    },
    async [Symbol.asyncDispose]() {
      stream.end();
      // The cell plans continuously again once PolicyService has ended the call too.
      for (;;) if ((await plans.next().catch(() => ({ done: true }))).done) return;
    },
  };
}

function placedDevice(
  deviceId: string,
  placement: common.Placement | undefined,
  look: policy.PlannedLook | undefined,
): PlacedDevice {
  const place = (at: common.Placement | undefined) => ({
    tier: tierName(at?.tier) as PlacedDevice['tier'],
    nodeId: at?.nodeId ?? '',
    variant: at?.variant ?? '',
  });
  return {
    deviceId,
    ...place(placement),
    ...(look && { secondLook: { ...place(look.placement), marginBelow: look.marginBelow } }),
  };
}

/** Whether every look at a frame was where it was planned, and no other one was due. */
export function asPlanned(response: agent.InferResponse, { secondLook, ...planned }: PlacedDevice): boolean {
  const at = (look: Pick<agent.Look, 'placement'>, { nodeId, variant }: Omit<PlacedDevice, 'deviceId'>) =>
    look.placement?.nodeId === nodeId && look.placement.variant === variant;
  const { first } = looksOf(response);
  if (!at(first, planned)) return false;
  const [, second] = response.looks;
  if (!secondLook || (first.classification?.margin ?? 1) >= secondLook.marginBelow) return !second;
  return second !== undefined && second.failure === '' && at(second, secondLook);
}

/** Waits until every device holds the plan. Throws Unavailable. */
async function held({ applications, clock, signal }: Testbed, version: bigint): Promise<void> {
  const giveUpAt = clock.now() + heldMs;
  for (;;) {
    const statuses = await Promise.all(applications.map(({ client }) => client.status()));
    if (statuses.every(({ directiveVersion }) => directiveVersion >= version)) return;
    signal.throwIfAborted();
    if (clock.now() > giveUpAt) {
      const late = statuses.filter(({ directiveVersion }) => directiveVersion < version);
      throw new Unavailable(
        `${late.map(({ deviceId }) => deviceId).join(', ')} does not hold the plan after ${heldMs} ms`,
      );
    }
    await sleep(2, { clock });
  }
}

function shuffledIndices(count: number, random: Random): number[] {
  const indices = Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = random.integer(last + 1);
    [indices[last], indices[other]] = [indices[other]!, indices[last]!];
  }
  return indices;
}
