import { type Random, sleep } from '@weir/base';
import type { FaultKind } from './history.ts';
import type { BreakableLink, LivingCell } from './living-cell.ts';
import { patienceMs } from './recovery.ts';

/** Something that can be done to a cell, and undone. */
export interface Doing {
  readonly kind: FaultKind;
  readonly target: string;
  /** What it takes for itself: nothing else is done to these meanwhile. */
  readonly claims: readonly string[];
  /** How long it lasts, ms; a kill lasts until the process serves again. */
  readonly lastsMs: number;
  /** What it is like, for people. */
  readonly detail: string;
  begin(): Promise<void> | void;
  end(): Promise<void> | void;
}

/** How often each is drawn. */
const weights = {
  kill: 8,
  freeze: 4,
  'cut link': 2,
  'black hole': 2,
  'slow link': 2,
  'full disk': 1,
  'read-only disk': 1,
  'clock jump': 2,
} satisfies Partial<Record<FaultKind, number>>;

/** Draws what is done next; everything of it is decided by `random` alone, and not by what became of what was done before. */
export function drawFault({ cell, processes, links, clocks, disk }: LivingCell, random: Random): Doing {
  const pick = <T>(from: readonly T[]): T => from[random.integer(from.length)]!;
  const between = (least: number, most: number) => least + random.uniform() * (most - least);
  const mounted = 'folder' in disk ? disk : undefined;
  const kinds = (Object.keys(weights) as (keyof typeof weights)[]).filter(
    (known) => mounted || !known.endsWith('disk'),
  );
  const kind = pick(kinds.flatMap((known) => Array.from({ length: weights[known] }, () => known)));
  switch (kind) {
    case 'kill': {
      const target = pick(processes);
      return { kind, target, claims: [target], lastsMs: 0, detail: '', ...killing(target) };
    }
    case 'freeze': {
      const target = pick(processes);
      return {
        ...{ kind, target, claims: [target], detail: '', lastsMs: between(1_000, 10_000) },
        begin: () => cell.kill(target, 'SIGSTOP'),
        end: () => cell.kill(target, 'SIGCONT'),
      };
    }
    case 'cut link':
    case 'black hole': {
      const link = pick(links);
      return {
        ...{ ...ofLink(link), kind, detail: '', lastsMs: between(1_000, 10_000) },
        begin: () => untilDone(() => link.cut(kind === 'cut link' ? 'reset' : 'blackhole')),
        end: () => untilDone(() => link.restore()),
      };
    }
    case 'slow link': {
      const link = pick(links);
      const slow = { delayMs: Math.round(between(100, 800)), bitsPerSecond: Math.round(between(0.1e6, 2e6)) };
      const detail = `${slow.delayMs} ms each way, ${(slow.bitsPerSecond / 1e6).toFixed(1)} Mbit/s`;
      return {
        ...{ ...ofLink(link), kind, detail, lastsMs: between(1_000, 10_000) },
        begin: () => untilDone(() => link.set(slow)),
        end: () => untilDone(() => link.set(link.usual)),
      };
    }
    case 'full disk': {
      // A journal that has had its size already takes long to need room, and one that was closed is small.
      const fromTheStart = random.uniform() < 0.5;
      let restarted: Promise<void>;
      return {
        ...{ kind, target: 'disk', claims: ['disk', 'policy'], lastsMs: between(3_000, 10_000) },
        detail: `policy ${fromTheStart ? 'starts on it' : 'restarts, and then it fills'}`,
        async begin() {
          const died = nextEvent('policy', 'died');
          restarted = nextEvent('policy', 'restarted');
          // Nobody waits for it yet, nor ever where `died` comes too late.
          restarted.catch(() => {});
          cell.kill('policy', 'SIGTERM');
          await died;
          if (!fromTheStart) await restarted;
          mounted?.fill();
        },
        async end() {
          await restarted;
          mounted?.empty();
        },
      };
    }
    case 'read-only disk': {
      const { begin, end } = killing('policy');
      return {
        ...{ kind, target: 'disk', claims: ['disk', 'policy'], detail: 'from a kill of policy on' },
        lastsMs: between(3_000, 10_000),
        async begin() {
          const died = nextEvent('policy', 'died');
          await begin();
          await died;
          if (!mounted?.setWritable(false)) throw new Error('the disk could not be made read-only');
        },
        async end() {
          await end();
          if (!mounted?.setWritable(true)) throw new Error('the disk could not be made writable');
        },
      };
    }
    case 'clock jump': {
      const target = pick(processes.filter((name) => name !== 'links'));
      const offsetMs = Math.round((random.uniform() < 0.5 ? -1 : 1) * 10 ** between(4, 8));
      return {
        ...{ kind, target, claims: [`clock of ${target}`], lastsMs: between(2_000, 15_000) },
        detail: `${(offsetMs / 60_000).toFixed(1)} min`,
        begin: () => clocks.set(target, offsetMs),
        end: () => clocks.set(target, 0),
      };
    }
  }

  function killing(target: string): Pick<Doing, 'begin' | 'end'> {
    let restarted: Promise<void>;
    return {
      begin() {
        restarted = nextEvent(target, 'restarted');
        restarted.catch(() => {});
        cell.kill(target, 'SIGKILL');
      },
      end: () => restarted,
    };
  }

  function nextEvent(name: string, wanted: 'died' | 'restarted'): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = () => {
        stop();
        reject(new Error(`${name} has not ${wanted} within ${patienceMs / 1_000} s`));
      };
      const timer = setTimeout(late, patienceMs);
      const stop = cell.onEvent((event) => {
        if (event.name !== name || event.kind !== wanted) return;
        stop();
        clearTimeout(timer);
        resolve();
      });
    });
  }
}

const ofLink = ({ name }: BreakableLink) => ({ target: name, claims: [name] });

/** The emulator of the links may itself be dead just now; another one takes over what is asked of it. */
async function untilDone(change: () => Promise<void> | void): Promise<void> {
  for (let tries = 0; ; tries++)
    try {
      return await change();
    } catch (error) {
      if (tries >= 100) throw error;
      await sleep(100);
    }
}
