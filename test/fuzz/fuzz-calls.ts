import { Client } from '@grpc/grpc-js';
import type { Random } from '@weir/base';
import type { RunningCell } from '@weir/cell';
import { connect } from '@weir/rpc';
import fc from 'fast-check';
import { corpusOf, framed, keep, unframed } from './corpus.ts';
import { hostile } from './messages.ts';
import { callRaw } from './raw-calls.ts';
import { type GoodMessages, isRight, rpcsOf } from './rpcs.ts';
import { Findings, nextSeed, type Tally } from './tally.ts';

/** Calls at once. */
const concurrency = 8;

export interface FuzzCalls extends AsyncDisposable {
  /** Sends about so many messages, spread over all RPCs, and looks in between whether the cell still serves. */
  round(messages: number, signal: AbortSignal): Promise<void>;
  /** Checks that every call of each RPC ended as it may. Returns how many messages and calls there were. */
  conclude(): { messages: number; calls: number };
}

/** `stillServes`: rejects where a good request is not answered. */
export async function fuzzCalls({
  cell,
  good,
  random,
  tally,
  stillServes,
  only,
}: {
  readonly cell: RunningCell;
  readonly good: Readonly<Record<string, GoodMessages>>;
  readonly random: Random;
  readonly tally: Tally;
  readonly stillServes: () => Promise<void>;
  /** What the name of an RPC must hold. */
  readonly only: string;
}): Promise<FuzzCalls> {
  await using opening = new AsyncDisposableStack();
  const chosen = rpcsOf(good).filter(({ name }) => name.includes(only));
  const clients = new Map<string, Client>();
  for (const process of new Set(chosen.map((rpc) => rpc.process)))
    clients.set(process, opening.use(connect(cell.address(process))).client(Client));
  const rpcs = chosen.map((rpc) => {
    const message = hostile(rpc.method.input, rpc.good.others, rpc.good.more);
    const streamed =
      rpc.method.methodKind === 'client_streaming' || rpc.method.methodKind === 'bidi_streaming';
    const several = fc.array(message, { minLength: 1, maxLength: streamed ? 12 : 1 });
    const { opening = [] } = rpc.good;
    const opened = several.map((all) => [...opening, ...all]);
    return {
      ...rpc,
      calls: fc.oneof(several, { weight: 3, arbitrary: opened }),
      corpus: corpusOf(rpc.name).map(unframed),
      findings: new Findings(),
      statuses: new Map<string, number>(),
      messages: 0,
    };
  });
  const whole = rpcs.reduce((sum, { weight }) => sum + weight, 0);
  let calls = 0;
  let lastSent: readonly Uint8Array[] = [];

  const once = async (rpc: (typeof rpcs)[number], messages: readonly Uint8Array[]) => {
    calls++;
    rpc.messages += messages.length;
    const call = () => callRaw(clients.get(rpc.process)!, rpc.method, messages);
    const first = await call();
    // A busy machine may lose a connection; a message that ends one does so again.
    for (const ended of first[0]?.status === 'UNAVAILABLE' ? await call() : first) {
      rpc.statuses.set(ended.status, (rpc.statuses.get(ended.status) ?? 0) + 1);
      if (isRight(rpc.name, ended)) continue;
      const unnamed = ended.status === 'INVALID_ARGUMENT' ? ', without naming a field' : '';
      rpc.findings.add(`${ended.status}${unnamed}: ${ended.details}`, () => keep(rpc.name, framed(messages)));
    }
  };
  const send = async (rpc: (typeof rpcs)[number], inputs: readonly (readonly Uint8Array[])[]) => {
    const waiting = inputs.values();
    const work = async () => {
      for (const messages of waiting) await once(rpc, messages);
    };
    await Promise.all(Array.from({ length: concurrency }, work));
    lastSent = inputs.at(-1) ?? [];
  };
  const look = (rpc: (typeof rpcs)[number]) =>
    stillServes().catch((error: unknown) =>
      rpc.findings.add(`afterwards a good request fails: ${String(error)}`, () =>
        keep(rpc.name, framed(lastSent)),
      ),
    );

  const opened = opening.move();
  let begun = false;
  return {
    async round(messages, signal) {
      if (!begun) for (const rpc of rpcs) await send(rpc, rpc.corpus);
      begun = true;
      for (const rpc of rpcs) {
        const most = Math.ceil((messages * rpc.weight) / whole);
        // A few at a time: while they are made nothing else runs here, and the services hang up on whoever does not answer.
        for (let left = most; left > 0 && !signal.aborted;) {
          const drawn = fc.sample(rpc.calls, { numRuns: 8, seed: nextSeed(random) });
          const taken = drawn.slice(0, Math.max(1, left));
          await send(rpc, taken);
          left -= taken.reduce((sum, call) => sum + call.length, 0);
        }
        await look(rpc);
      }
    },
    conclude() {
      for (const { name, process, findings, statuses, messages } of rpcs) {
        const told = [...statuses].sort().map(([status, count]) => `${count} ${status}`);
        tally.check(`${name} of ${process}: ${messages} messages, ${told.join(', ')}`, findings.size === 0);
        findings.tell();
      }
      return { messages: rpcs.reduce((sum, rpc) => sum + rpc.messages, 0), calls };
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
