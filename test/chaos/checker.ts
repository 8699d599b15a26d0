import type { History, SeenFrame, Span } from './history.ts';

/** A promise that was broken, and when: what happened around that instant says more. */
export interface Violation {
  readonly what: string;
  readonly at?: number;
}

/** One promise: what it says, and how to find where a history breaks it. */
export interface Promised {
  readonly promise: string;
  /** How much of the history it was held against. */
  readonly of: (history: History) => string;
  readonly violations: (history: History) => readonly Violation[];
}

/** Time that an answer takes from the agent to its application, beyond what the watcher was held up itself, ms. */
const onTheWayMs = 100;
/** Sums of accuracies differ by less. */
const rounding = 1e-9;
/** Share of frames that may get no answer in time: a rescue counts on the usual time of a device, which a busy processor exceeds. */
const mostLate = 0.01;

/** All but the placement afterwards, which `best-placement.ts` knows. */
export const promises: readonly Promised[] = [
  {
    promise: 'no process ends by itself',
    of: ({ deaths }) => `${deaths.length} ends`,
    violations: ({ deaths, faults }) =>
      deaths
        .filter(
          ({ process, at }) =>
            !faults.some(
              (fault) =>
                (fault.kind === 'kill' || fault.kind === 'restart') &&
                fault.target === process &&
                overlaps(fault, { from: at, until: at }),
            ),
        )
        .map(({ process, at }) => ({ what: `${process} ended, and nobody had killed it`, at })),
  },
  {
    promise: 'every frame of a living agent is answered',
    of: (history) => {
      const asked = ofLivingAgents(history);
      return `${asked.length} of ${history.frames.length} frames, ${asked.filter(isLate).length} late`;
    },
    violations(history) {
      const asked = ofLivingAgents(history);
      const forgiven = asked.filter(isLate).length <= mostLate * asked.length;
      return asked
        .filter((frame) => !frame.answer && !(forgiven && isLate(frame)))
        .map(({ deviceId, sentAt, failure = 'neither answered nor refused' }) => ({
          what: `${deviceId}: ${failure}`,
          at: sentAt,
        }));
    },
  },
  {
    promise: 'no frame is answered after its deadline',
    of: ({ frames }) => `${frames.filter(({ answer }) => answer).length} answers`,
    violations: (history) =>
      ofLivingAgents(history)
        .filter(({ answer }) => answer)
        .map((frame) => ({ frame, lateMs: latenessMs(frame, history.stalls) }))
        .filter(({ lateMs }) => lateMs > onTheWayMs)
        .map(({ frame, lateMs }) => ({
          what: `${frame.deviceId}: answered ${lateMs.toFixed(0)} ms after the deadline`,
          at: frame.sentAt,
        })),
  },
  {
    promise: 'no device answers below the floor, at any of its frames',
    of: ({ frames, accuracyFloor }) =>
      `${frames.filter(({ answer }) => answer).length} answers, floor ${accuracyFloor}`,
    violations: belowFloor,
  },
  {
    promise: 'no accuracy is granted that nobody gave',
    of: ({ wire }) => `${wire.filter(({ kind }) => kind === 'granted').length} directives`,
    violations: grantedFromNothing,
  },
  {
    promise: 'nothing acknowledged is lost',
    of: (history) => `${acknowledged(history).length} outcomes`,
    violations(history) {
      const journal = counts(history.journal.map(({ outcome }) => outcome));
      return [...counts(acknowledged(history).map(({ outcome }) => outcome))]
        .filter(([outcome, expected]) => (journal.get(outcome) ?? 0) < expected)
        .map(([outcome]) => ({ what: `acknowledged, and not in the journal: ${outcome}` }));
    },
  },
  {
    promise: 'nothing is journaled twice',
    of: ({ journal }) => `${journal.length} rows`,
    violations(history) {
      const told = counts(distinctOutcomes(history).map(({ outcome }) => outcome));
      return [...counts(history.journal.map(({ outcome }) => outcome))]
        .filter(([outcome, times]) => times > (told.get(outcome) ?? 0))
        .map(([outcome, times]) => ({
          what: `${times} times in the journal, told ${told.get(outcome) ?? 0} times: ${outcome}`,
        }));
    },
  },
  {
    promise: 'no outcome of an honest agent is refused',
    of: (history) => `${distinctOutcomes(history).length} outcomes`,
    violations: ({ wire }) =>
      wire.flatMap((event) =>
        event.kind === 'refused'
          ? [{ what: `${event.deviceId}: ${event.sequence}: ${event.why}`, at: event.at }]
          : [],
      ),
  },
  {
    promise: 'every answer of an agent that lived on is in the journal',
    of: (history) => `${answersOfLastRuns(history).length} answers`,
    violations(history) {
      const journal = new Set(history.journal.map(({ look }) => look));
      return answersOfLastRuns(history)
        .filter(({ answer }) => answer!.looks.some((look) => !journal.has(look)))
        .map(({ deviceId, sentAt }) => ({
          what: `${deviceId}: an answer that was never journaled`,
          at: sentAt,
        }));
    },
  },
];

/** What is judged, and was not seen at all: of nothing, every promise holds. */
export function unseen({ frames, wire, journal }: History): Violation[] {
  const kinds = ['sent', 'acknowledged', 'gave', 'granted'] as const;
  const lacks = [
    ...(frames.some(({ answer }) => answer) ? [] : ['answers']),
    ...kinds.filter((kind) => !wire.some((event) => event.kind === kind)),
    ...(journal.length > 0 ? [] : ['journal']),
  ];
  return lacks.map((what) => ({ what: `nothing of: ${what}` }));
}

const overlaps = (one: Span, other: Span) => one.from <= other.until && other.from <= one.until;

/** Nobody can answer who is dead or frozen: until the first answer afterwards a frame counts for nothing. */
function ofLivingAgents({ frames, faults }: History): SeenFrame[] {
  const outages = faults
    .filter(({ kind }) => kind === 'kill' || kind === 'freeze')
    .map(({ target, from, until }) => {
      const after = frames.filter(
        ({ deviceId, sentAt, answer }) => answer && deviceId === target && sentAt > until,
      );
      return { deviceId: target, from, until: Math.min(...after.map(({ endedAt }) => endedAt)) };
    });
  return frames.filter(
    ({ deviceId, sentAt, endedAt }) =>
      !outages.some(
        (outage) => outage.deviceId === deviceId && overlaps({ from: sentAt, until: endedAt }, outage),
      ),
  );
}

function latenessMs({ sentAt, endedAt, timeoutMs }: SeenFrame, stalls: readonly Span[]): number {
  const heldUpMs = stalls
    .map(({ from, until }) => Math.min(until, endedAt) - Math.max(from, sentAt))
    .filter((ms) => ms > 0)
    .reduce((sum, ms) => sum + ms, 0);
  return endedAt - sentAt - timeoutMs - heldUpMs;
}

/** When the runs of an agent began: whoever was killed starts with nothing. */
const startsOf = (deviceId: string, { faults }: History): number[] => [
  -Infinity,
  ...faults.filter(({ kind, target }) => kind === 'kill' && target === deviceId).map(({ from }) => from),
];

/** In each run: what its frames were promised, and what others gave it, suffices for the floor at every answer. */
function belowFloor(history: History): Violation[] {
  const { accuracyFloor, devices, frames, wire } = history;
  return devices.flatMap((deviceId) => {
    const starts = startsOf(deviceId, history);
    const runOf = (at: number) => starts.findLastIndex((start) => start <= at);
    const answers = frames
      .filter((frame) => frame.deviceId === deviceId && frame.answer)
      .map(({ sentAt, endedAt, answer }) => ({
        at: endedAt,
        run: runOf(sentAt),
        surplus: answer!.promised - accuracyFloor,
      }));
    const grants = wire.flatMap((event) =>
      event.kind === 'granted' && event.deviceId === deviceId ? [event] : [],
    );
    const totals = new Map<string, number>();
    const granted = grants.map(({ at, account, total }) => {
      const surplus = Math.max(0, total - (totals.get(account) ?? 0));
      totals.set(account, Math.max(total, totals.get(account) ?? 0));
      return { at, run: runOf(at), surplus };
    });
    const balances = starts.map(() => 0);
    const violations: Violation[] = [];
    for (const { at, run, surplus } of [...granted, ...answers].toSorted((a, b) => a.at - b.at)) {
      const before = balances[run]!;
      balances[run] = before + surplus;
      // Told once: until it is made up for, all further answers are below too.
      if (before >= -rounding && balances[run] < -rounding)
        violations.push({ what: `${deviceId}: ${(-balances[run]).toFixed(4)} below the floor`, at });
    }
    return violations;
  });
}

/** Of each ledger: no more is granted to all devices together than they have said before that they gave. */
function grantedFromNothing({ wire }: History): Violation[] {
  const totals = { gave: new Map<string, number>(), granted: new Map<string, number>() };
  const ofLedger = (kind: 'gave' | 'granted', ledger: string) =>
    [...totals[kind]]
      .filter(([account]) => ledgerOf(account) === ledger)
      .reduce((sum, [, total]) => sum + total, 0);
  return wire.flatMap((event) => {
    if (event.kind !== 'gave' && event.kind !== 'granted') return [];
    const { kind, account, total, at, deviceId } = event;
    totals[kind].set(account, Math.max(total, totals[kind].get(account) ?? 0));
    const ledger = ledgerOf(account);
    const [gave, granted] = [ofLedger('gave', ledger), ofLedger('granted', ledger)];
    return kind === 'granted' && granted > gave + rounding
      ? [{ what: `${deviceId} was granted of ${ledger}: ${granted} in all, of ${gave} given`, at }]
      : [];
  });
}

/** Each account is `LEDGER/NUMBER`. */
const ledgerOf = (account: string) => account.slice(0, account.lastIndexOf('/'));

interface Told {
  readonly deviceId: string;
  readonly instance: string;
  readonly sequence: number;
  readonly outcome: string;
}

/** What agents told, each once however often it was sent. */
function distinctOutcomes({ wire }: History): Told[] {
  const told = new Map<string, Told>();
  for (const event of wire) if (event.kind === 'sent') told.set(`${event.instance} ${event.sequence}`, event);
  return [...told.values()];
}

function acknowledged(history: History): Told[] {
  const through = new Map<string, number>();
  for (const event of history.wire)
    if (event.kind === 'acknowledged')
      through.set(event.instance, Math.max(event.through, through.get(event.instance) ?? 0));
  return distinctOutcomes(history).filter(
    ({ instance, sequence }) => sequence <= (through.get(instance) ?? 0),
  );
}

function answersOfLastRuns(history: History): SeenFrame[] {
  const lastStarts = new Map(history.devices.map((id) => [id, startsOf(id, history).at(-1)!]));
  return history.frames.filter(
    ({ answer, deviceId, sentAt }) => answer && sentAt > (lastStarts.get(deviceId) ?? Infinity),
  );
}

function counts(values: readonly string[]): Map<string, number> {
  const counted = new Map<string, number>();
  for (const value of values) counted.set(value, (counted.get(value) ?? 0) + 1);
  return counted;
}

/** Too late, or given up because nothing could be in time any more. */
const isLate = ({ answer, failure = '' }: SeenFrame): boolean =>
  !answer && /^DeadlineExceeded\b|\bno target could answer within\b/.test(failure);
