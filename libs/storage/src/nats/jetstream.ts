import { NotFound, sleep, Unavailable } from '@weir/base';
import {
  jetstream,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  jetstreamManager,
  type StoredMsg,
} from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { errors, type NatsConnection } from '@nats-io/transport-node';
import { storeNotWritable } from '../store.ts';
import { attempt } from './connection.ts';

/** What NATS keeps for Weir: a stream of outcomes, with a subject a cell, and a bucket of what is known of cells. */
export interface JetStreams {
  readonly nc: NatsConnection;
  readonly js: JetStreamClient;
  readonly jsm: JetStreamManager;
  readonly outcomes: Stream;
  readonly bucket: Stream;
  /** The bucket, always read from its leader. */
  readonly kv: KV;
}

interface Stream {
  readonly name: string;
  /** Its subjects begin with this. */
  readonly prefix: string;
}

/** Longest wait for an answer, for instance that a message is on most replicas, ms. */
const requestMs = 2_000;
/** How long the mark of a key that is gone stays, which tells a late writer so. */
export const markerTtl = '1h';
const markerTtlMs = 3_600_000;

/**
 * Opens stream and bucket; makes them where they are missing, and else leaves them as an operator may have set them up. Without
 * `replicas` it makes nothing, and throws NotFound.
 */
export async function openStreams(
  nc: NatsConnection,
  { name, replicas }: { name: string; replicas?: number | undefined },
): Promise<JetStreams> {
  const options = { timeout: requestMs };
  const js = jetstream(nc, options);
  const jsm = await jetstreamManager(nc, options);
  const outcomes = { name: `${name}-outcomes`, prefix: `${name}.outcomes.` };
  const manager = new Kvm(js);
  const description = 'What Weir knows of cells: objectives, learners, members, snapshots.';
  // Each waits for a leader.
  if (replicas === undefined) await checkThere(jsm, outcomes);
  else
    await Promise.all([
      makeOutcomes(jsm, outcomes, replicas),
      manager.create(name, { description, replicas, markerTTL: markerTtlMs, allow_direct: true }),
    ]);
  const kv = await manager.open(name, { allow_direct: false });
  return { nc, js, jsm, outcomes, bucket: { name: `KV_${name}`, prefix: `$KV.${name}.` }, kv };
}

const isMissing = (error: unknown): boolean =>
  error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound;

async function checkThere(jsm: JetStreamManager, { name }: Stream): Promise<void> {
  try {
    await jsm.streams.info(name);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw new NotFound(`the servers have no stream ${name}: no policy has kept anything there`);
  }
}

async function makeOutcomes(
  jsm: JetStreamManager,
  { name, prefix }: Stream,
  replicas: number,
): Promise<void> {
  try {
    await jsm.streams.info(name);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await jsm.streams.add({
      name,
      description: 'Outcomes of inferences, by cell; Weir drops the oldest itself (--retention).',
      subjects: [`${prefix}*`],
      num_replicas: replicas,
      allow_direct: true,
    });
  }
}

/** The last message on the subjects, as the leader has it. */
export const lastOf = ({ jsm }: JetStreams, { name, prefix }: Stream, filter: string) =>
  jsm.streams.getMessage(name, { last_by_subj: prefix + filter });

/** Messages that are asked for at once, and bytes for each of them. */
const page = { messages: 500, bytesEach: 8 * 1024 };
/** Longest wait for the next message of a page, ms. */
const pageMs = requestMs;
/** Time until a replica that lags behind is asked again, and for how long, ms. */
const lagMs = 50;
const lagsAtMostMs = 5_000;

/**
 * All messages on the subjects from that sequence on, oldest first, up to the one that is the last when it is asked for. They
 * come from any replica; one that lags behind is asked again. `atOnce`: messages that are asked for together.
 */
export async function* messagesOf(
  streams: JetStreams,
  { name, prefix }: Stream,
  { filter, from = 1, atOnce = page.messages }: { filter: string; from?: number; atOnce?: number },
): AsyncGenerator<StoredMsg> {
  const lastSequence = async () => (await attempt(() => lastOf(streams, { name, prefix }, filter)))?.seq ?? 0;
  const through = await lastSequence();
  const batch = Math.min(atOnce, page.messages);
  const limits = { batch, max_bytes: batch * page.bytesEach };
  const until = performance.now() + lagsAtMostMs;
  for (let next = Math.max(1, from); next <= through;) {
    const before = next;
    const query = { seq: next, next_by_subj: prefix + filter, ...limits };
    for (const message of await attempt(() => pageOf(streams, name, query))) {
      if (message.seq > through) return;
      next = message.seq + 1;
      yield message;
    }
    if (next > before) continue;
    // Dropped meanwhile, or not yet there.
    if ((await lastSequence()) < next) return;
    if (performance.now() > until)
      throw new Unavailable(`a replica of ${name} lags behind`, { reason: storeNotWritable });
    await sleep(lagMs);
  }
}

function pageOf(
  { jsm }: JetStreams,
  stream: string,
  query: { seq: number; next_by_subj: string; batch: number; max_bytes: number },
): Promise<readonly StoredMsg[]> {
  const messages: StoredMsg[] = [];
  const read = Promise.withResolvers<readonly StoredMsg[]>();
  let stop = () => {};
  const late = () => {
    stop();
    read.reject(new errors.TimeoutError());
  };
  const timer = setTimeout(late, pageMs);
  const settle = (error?: Error) => {
    clearTimeout(timer);
    if (error) read.reject(error);
    else read.resolve(messages);
  };
  jsm.direct
    .getBatch(stream, {
      ...query,
      callback: (done, message) => {
        if (done) return settle(done.err);
        messages.push(message);
        timer.refresh();
      },
    })
    .then((iterator) => (stop = () => iterator.stop()), settle);
  return read.promise;
}
