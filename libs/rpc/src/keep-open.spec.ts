import {
  FailedPrecondition,
  FakeClock,
  PermissionDenied,
  type Random,
  seededRandom,
  silentLogger,
  Unauthenticated,
  Unavailable,
} from '@weir/base';
import { describe, expect, it, vi } from 'vitest';
import { keepOpen } from './keep-open.ts';

/** Runs keepOpen over an hour of virtual time; `openMs`: how long each run of `open` lasts before it fails. */
async function waits({
  openMs = () => 0,
  errorOf = () => undefined,
  onFailure,
  random,
  runs,
}: {
  openMs?: (run: number) => number;
  errorOf?: (run: number) => Error | undefined;
  onFailure?: () => number;
  random: Random;
  runs: number;
}) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const delays: number[] = [];
  let closedAt: number | undefined;
  let run = 0;
  const done = keepOpen({
    open: async () => {
      if (closedAt !== undefined) delays.push(clock.now() - closedAt);
      const error = errorOf(run) ?? new Error('connection lost');
      const lastsMs = openMs(run++);
      await new Promise<void>((resolve) => clock.after(lastsMs, resolve));
      closedAt = clock.now();
      if (run > runs) stop.abort();
      throw error;
    },
    signal: stop.signal,
    clock,
    random,
    onFailure,
    logger: silentLogger,
  });
  await clock.advanceAsync(3_600_000);
  await done;
  return delays;
}
const least = { ...seededRandom(1), uniform: () => 0 };
const most = { ...seededRandom(1), uniform: () => 1 };

describe('keepOpen', () => {
  it('waits twice as long after each failure, up to the longest wait', async () => {
    expect(await waits({ random: most, runs: 8 })).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    expect(await waits({ random: least, runs: 8 })).toEqual([50, 100, 200, 400, 800, 1600, 2500, 2500]);
  });

  it('spreads the clients of one server', async () => {
    const third = await Promise.all(
      Array.from(
        { length: 50 },
        async (_, seed) => (await waits({ random: seededRandom(seed), runs: 3 }))[2]!,
      ),
    );
    for (const delay of third) expect(delay).toBeGreaterThanOrEqual(200);
    for (const delay of third) expect(delay).toBeLessThanOrEqual(400);
    expect(Math.max(...third) - Math.min(...third)).toBeGreaterThan(100);
  });

  it('waits longer where its caller asks for it, and no shorter', async () => {
    expect(await waits({ random: most, runs: 4, onFailure: () => 300 })).toEqual([300, 300, 400, 800]);
  });

  it('begins anew after a stream that lasted', async () => {
    const openMs = (run: number) => (run === 3 ? 2_000 : 0);
    expect(await waits({ random: most, runs: 6, openMs })).toEqual([100, 200, 400, 100, 200, 400]);
  });

  it.each([
    ['nobody knows who calls', new Unauthenticated('who?'), 60_000],
    ['the caller has no right', new PermissionDenied('not you'), 60_000],
    ['it is told to', new FailedPrecondition('twice', { retryAfterMs: 45_000 }), 45_000],
    ['it is told to for a day', new FailedPrecondition('no', { retryAfterMs: 86_400_000 }), 600_000],
    ['a server is busy', new Unavailable('busy', { retryAfterMs: 20_000 }), 400],
  ])('stays away from a server as long as that makes sense when %s', async (_what, error, longestMs) => {
    const errorOf = (run: number) => (run === 2 ? error : undefined);
    expect((await waits({ random: most, runs: 3, errorOf })).slice(0, 3)).toEqual([100, 200, longestMs]);
    expect((await waits({ random: least, runs: 3, errorOf }))[2]).toBe(longestMs / 2);
  });

  it('ends at once when its signal aborts while it waits', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    let opened = 0;
    const done = keepOpen({
      open: async () => void opened++,
      signal: stop.signal,
      clock,
      random: most,
      logger: silentLogger,
    });
    await clock.advanceAsync(50);
    stop.abort();
    await done;
    await clock.advanceAsync(10_000);
    expect(opened).toBe(1);
  });

  it('does not open when the signal has aborted already', async () => {
    const open = () => Promise.reject(new Error('must not run'));
    await keepOpen({
      open,
      signal: AbortSignal.abort(),
      clock: new FakeClock(),
      random: most,
      logger: silentLogger,
    });
  });
});

describe('what keeps a stream from its peer', () => {
  /** Runs of `open` that each fail with one of these at once, or last 10 s and then end. */
  async function told(...runs: string[]) {
    const clock = new FakeClock();
    const stop = new AbortController();
    const warn = vi.fn();
    const faults: (string | undefined)[] = [];
    let run = 0;
    const done = keepOpen({
      open: async () => {
        const what = runs[run++];
        if (run > runs.length) return stop.abort();
        if (what === 'lasts') await new Promise<void>((resolve) => clock.after(10_000, resolve));
        else throw refusalsBy[what!] ?? new Unavailable('no connection', { cause: new Error(what) });
      },
      signal: stop.signal,
      clock,
      random: most,
      logger: { ...silentLogger, warn },
      peer: 'edge-1',
      onFault: (fault) => faults.push(fault?.cause),
    });
    await clock.advanceAsync(3_600_000);
    await done;
    return { warnings: warn.mock.calls.map(([fields]) => (fields as { cause: string }).cause), faults };
  }
  const [wrongAuthority, refused, hungUp] = [
    'unable to verify the first certificate',
    'connect ECONNREFUSED',
    'ECONNRESET',
  ];

  const refusalsBy: Readonly<Record<string, Error>> = {
    no_identity: new Unauthenticated('who?'),
    no_right: new PermissionDenied('revoked? not you'),
    device_twice: new FailedPrecondition('twice', { reason: 'DEVICE_TWICE', retryAfterMs: 60_000 }),
  };

  it.each(Object.keys(refusalsBy))('is told once when the peer says it itself: %s', async (cause) => {
    expect(await told(cause, cause, cause)).toEqual({ warnings: [cause], faults: [cause] });
  });

  it('is told once, however often it is tried', async () => {
    const { warnings, faults } = await told(...Array<string>(50).fill(wrongAuthority));
    expect(warnings).toEqual(['authority']);
    expect(faults).toEqual(['authority']);
  });

  it.each([
    [refused, 'refused'],
    [hungUp, 'not_accepted'],
  ])('that a restart explains is told when it stands: %s', async (message, cause) => {
    expect((await told(message, message)).warnings).toEqual([]);
    expect((await told(message, message, message, message)).warnings).toEqual([cause]);
  });

  it('is told again when it changes, and when it comes back', async () => {
    const { warnings, faults } = await told(
      wrongAuthority,
      'certificate has expired',
      'lasts',
      'certificate has expired',
    );
    expect(warnings).toEqual(['authority', 'expired', 'expired']);
    expect(faults).toEqual(['authority', undefined, 'expired', undefined, 'expired']);
  });

  it('is not guessed at, and told in the words of its error when it stands', async () => {
    expect(await told('boom', 'boom', 'boom', 'boom')).toEqual({ warnings: [], faults: [] });
    const { warnings, faults } = await told(...Array<string>(20).fill('boom'), 'lasts');
    expect([warnings, faults]).toEqual([['failing'], ['failing', undefined]]);
  });

  it.each([
    ['connect EHOSTUNREACH 10.0.0.7:7200', 'unreachable'],
    ['connect ENETUNREACH 10.0.0.7:7200', 'unreachable'],
    ['connect ETIMEDOUT 10.0.0.7:7200', 'silent'],
    ['getaddrinfo ENOTFOUND edge-1', 'host_not_found'],
  ])('has a name: %s', async (message, cause) => {
    expect((await told(message, message, message)).warnings).toEqual([cause]);
  });

  it('is silence, told once after 5 s though nothing fails, until it answers', async () => {
    const clock = new FakeClock();
    const stop = new AbortController();
    const lines: unknown[] = [];
    const line = (fields: object, message: string) =>
      void lines.push([(fields as { cause: string }).cause, message]);
    let answers = false;
    const done = keepOpen({
      open: (signal) => new Promise((resolve) => signal.addEventListener('abort', () => resolve())),
      signal: stop.signal,
      clock,
      random: most,
      logger: { ...silentLogger, warn: line, info: line },
      peer: 'policy',
      connected: () => answers,
    });
    await clock.advanceAsync(4_999);
    expect(lines).toEqual([]);
    await clock.advanceAsync(60_000);
    const silent = [
      'silent',
      'peer cannot be reached: it does not answer: it hangs, or the link to it is cut',
    ];
    expect(lines).toEqual([silent]);
    answers = true;
    await clock.advanceAsync(60_000);
    expect(lines).toEqual([silent, ['silent', 'peer can be reached again']]);
    stop.abort();
    await done;
  });
});
