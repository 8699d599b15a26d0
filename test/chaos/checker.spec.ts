import { describe, expect, it } from 'vitest';
import { promises, unseen } from './checker.ts';
import type { Fault, History, SeenFrame, WireEvent } from './history.ts';

const timeoutMs = 1_000;
const agent = { deviceId: 'device-1', instance: 'run-1' };
/** In one ledger all devices have accounts. */
const account = { own: 'ledger/1', others: 'ledger/2' };

const frame = (sentAt: number, more: Partial<SeenFrame> = {}): SeenFrame => ({
  deviceId: 'device-1',
  sentAt,
  timeoutMs,
  endedAt: sentAt + 50,
  answer: { nodeId: 'edge-1', promised: 0.85, looks: [`look at ${sentAt}`] },
  ...more,
});
const promised = (sentAt: number, accuracy: number) =>
  frame(sentAt, { answer: { nodeId: 'edge-1', promised: accuracy, looks: [] } });
const refused = (sentAt: number, deviceId = 'device-1'): SeenFrame => ({
  ...{ deviceId, sentAt, timeoutMs, endedAt: sentAt + 50, failure: 'UNAVAILABLE' },
});
const fault = (kind: Fault['kind'], target: string, from: number, until: number): Fault => ({
  ...{ kind, target, from, until },
});
const sent = (sequence: number, outcome: string, run = agent): WireEvent => ({
  ...{ at: sequence, ...run, kind: 'sent', sequence, outcome },
});
const acknowledged = (through: number, run = agent): WireEvent => ({
  ...{ at: 100, ...run, kind: 'acknowledged', through },
});
const balance = (kind: 'gave' | 'granted', of: string, total: number, at: number): WireEvent => ({
  ...{ at, ...agent, kind, account: of, total },
});
const row = (outcome: string, look = '') => ({ outcome, look });

const history = (more: Partial<History> = {}): History => ({
  accuracyFloor: 0.85,
  devices: ['device-1', 'device-2'],
  faults: [],
  deaths: [],
  frames: [],
  wire: [],
  stalls: [],
  journal: [],
  ...more,
});

/** Promises that a history breaks, with what was found. */
const broken = (more: Partial<History>): Record<string, string[]> =>
  Object.fromEntries(
    promises
      .map(({ promise, violations }) => [promise, violations(history(more)).map(({ what }) => what)] as const)
      .filter(([, found]) => found.length > 0),
  );

describe('a history in which nothing is wrong', () => {
  it('breaks no promise', () => {
    const faults = [fault('kill', 'device-1', 100, 900), fault('cut link', 'device-1-edge-1', 2_000, 3_000)];
    expect(
      broken({
        faults,
        deaths: [{ process: 'device-1', at: 101 }],
        frames: [frame(0), refused(80), refused(500), frame(1_000), frame(2_500)],
        wire: [sent(1, 'a'), sent(2, 'b'), sent(2, 'b'), acknowledged(2), sent(3, 'not acknowledged')],
        journal: [row('a'), row('b', 'look at 1000'), row('not acknowledged', 'look at 2500')],
      }),
    ).toEqual({});
  });

  it('is nothing that proves anything where nothing was seen', () => {
    expect(unseen(history()).map(({ what }) => what.replace('nothing of: ', ''))).toEqual([
      ...['answers', 'sent', 'acknowledged', 'gave', 'granted', 'journal'],
    ]);
    const wire = [sent(1, 'a'), acknowledged(1)];
    for (const kind of ['gave', 'granted'] as const) wire.push(balance(kind, account.own, 0, 1));
    expect(unseen(history({ frames: [frame(0)], wire, journal: [row('a')] }))).toEqual([]);
    expect(unseen(history({ frames: [refused(0)], wire, journal: [row('a')] }))).toHaveLength(1);
  });

  it('is held against what it has of it', () => {
    const of = Object.fromEntries(promises.map(({ promise, of: told }) => [promise, told]));
    expect(of['nothing acknowledged is lost']!(history({ wire: [sent(1, 'a'), acknowledged(1)] }))).toBe(
      '1 outcomes',
    );
  });
});

describe('processes', () => {
  it('that end by themselves are found, not those that were killed', () => {
    const faults = [fault('kill', 'policy', 100, 900), fault('freeze', 'edge-1', 100, 900)];
    faults.push(fault('restart', 'policy', 1_000, 1_500));
    const deaths = [
      { process: 'policy', at: 101 },
      { process: 'policy', at: 1_001 },
      { process: 'policy', at: 2_000 },
      { process: 'edge-1', at: 500 },
    ];
    expect(broken({ faults, deaths })['no process ends by itself']).toEqual([
      'policy ended, and nobody had killed it',
      'edge-1 ended, and nobody had killed it',
    ]);
  });
});

describe('frames', () => {
  const unanswered = 'every frame of a living agent is answered';
  const late = 'no frame is answered after its deadline';

  it('that fail, or never end, are found, whatever befalls others than their agent', () => {
    const silent: SeenFrame = { deviceId: 'device-1', sentAt: 300, timeoutMs, endedAt: Infinity };
    const faults = [
      fault('kill', 'edge-1', 0, 1_000),
      fault('freeze', 'device-2', 0, 1_000),
      fault('black hole', 'device-1-edge-1', 0, 1_000),
      fault('clock jump', 'device-1', 0, 1_000),
    ];
    expect(broken({ faults, frames: [refused(100), silent] })).toEqual({
      [unanswered]: ['device-1: UNAVAILABLE', 'device-1: neither answered nor refused'],
    });
  });

  it('may be late one in a hundred, and no more', () => {
    const frames = (late: number) => [
      ...Array.from({ length: 100 - late }, (_, at) => frame(at)),
      ...Array.from({ length: late }, (_, at) => ({
        ...refused(200 + at),
        failure: 'DeadlineExceeded: no target answered: cloud-1',
      })),
    ];
    expect(broken({ frames: frames(1) })[unanswered]).toBeUndefined();
    expect(broken({ frames: frames(2) })[unanswered]).toHaveLength(2);
  });

  it('of a dead or frozen agent count for nothing, until it has answered a frame again', () => {
    const faults = [fault('freeze', 'device-1', 100, 500)];
    const frames = [60, 300, 510, 600].map((sentAt) => refused(sentAt));
    frames.push(frame(700, { endedAt: 720 }), refused(730));
    expect(broken({ faults, frames, journal: [row('', 'look at 700')] })[unanswered]).toHaveLength(1);
  });

  it('that are answered after their deadline are found', () => {
    const frames = [frame(0, { endedAt: 1_050 }), frame(100, { endedAt: 1_300 })];
    expect(broken({ frames })[late]).toEqual(['device-1: answered 200 ms after the deadline']);
  });

  it('are not late by the time in which nobody looked', () => {
    const frames = [frame(100, { endedAt: 1_300 })];
    const earlier = { from: -5_000, until: -4_000 };
    const stalls = (from: number, until: number) =>
      broken({ frames, stalls: [earlier, { from, until }] })[late];
    expect(stalls(1_000, 1_250)).toBeUndefined();
    expect(stalls(0, 150)).toHaveLength(1);
    expect(stalls(1_300, 1_550)).toHaveLength(1);
  });
});

describe('the floor', () => {
  const floor = 'no device answers below the floor, at any of its frames';

  it('is broken by a frame that spends what was not earned yet', () => {
    expect(broken({ frames: [promised(0, 0.86), promised(100, 0.84), promised(200, 0.85)] })).toEqual({});
    expect(broken({ frames: [promised(0, 0.84), promised(100, 0.86)] })[floor]).toEqual([
      'device-1: 0.0100 below the floor',
    ]);
  });

  it('is broken once until it is made up for', () => {
    const accuracies = [0.84, 0.84, 0.87, 0.84];
    expect(broken({ frames: accuracies.map((accuracy, at) => promised(at, accuracy)) })[floor]).toHaveLength(
      2,
    );
  });

  it('is each device’s own, but for what it was granted', () => {
    const frames = [{ ...promised(0, 0.87), deviceId: 'device-2' }, promised(100, 0.84)];
    expect(broken({ frames })[floor]).toHaveLength(1);
    const given = balance('gave', account.others, 0.02, 60);
    const granted = (at: number) => [given, balance('granted', account.own, 0.01, at)];
    expect(broken({ frames, wire: granted(90) })[floor]).toBeUndefined();
    expect(broken({ frames, wire: granted(200) })[floor]).toHaveLength(1);
  });

  it('counts a grant once, however often it is told', () => {
    const frames = [promised(100, 0.83)];
    const wire = [balance('gave', account.others, 0.02, 60)];
    for (const at of [70, 80]) wire.push(balance('granted', account.own, 0.01, at));
    expect(broken({ frames, wire })[floor]).toEqual(['device-1: 0.0100 below the floor']);
  });

  it('finds nothing that a run had earned in the next one', () => {
    const frames = [promised(0, 0.9), promised(1_000, 0.84)];
    expect(broken({ frames })[floor]).toBeUndefined();
    const faults = [fault('kill', 'device-1', 500, 900)];
    expect(broken({ frames, faults })[floor]).toHaveLength(1);
    const lastAnswer = { ...promised(480, 0.9), endedAt: 510 };
    expect(broken({ frames: [lastAnswer, promised(1_000, 0.84)], faults })[floor]).toHaveLength(1);
  });

  it('is not kept by accuracy that nobody gave', () => {
    const granted = 'no accuracy is granted that nobody gave';
    const gave = balance('gave', account.others, 0.02, 0);
    expect(broken({ wire: [gave, balance('granted', account.own, 0.02, 1)] })[granted]).toBeUndefined();
    expect(broken({ wire: [gave, balance('granted', account.own, 0.03, 1)] })[granted]).toHaveLength(1);
    expect(
      broken({ wire: [balance('granted', account.own, 0.02, 0), { ...gave, at: 1 }] })[granted],
    ).toHaveLength(1);
    expect(broken({ wire: [gave, balance('granted', 'another/1', 0.02, 1)] })[granted]).toHaveLength(1);
  });
});

describe('the journal', () => {
  const lost = 'nothing acknowledged is lost';
  const twice = 'nothing is journaled twice';

  it('that lacks what was acknowledged is found out', () => {
    const wire = [sent(1, 'a'), sent(2, 'b'), sent(3, 'c'), acknowledged(2)];
    expect(broken({ wire, journal: [row('a')] })).toEqual({
      [lost]: ['acknowledged, and not in the journal: b'],
    });
  });

  it('owes each run of an agent its own', () => {
    const next = { ...agent, instance: 'run-2' };
    const wire = [sent(1, 'a'), acknowledged(1), sent(1, 'b', next), acknowledged(1, next)];
    expect(broken({ wire, journal: [row('a')] })[lost]).toEqual(['acknowledged, and not in the journal: b']);
    expect(broken({ wire: wire.slice(0, 3), journal: [row('a')] })).toEqual({});
  });

  it('that holds an outcome twice, or one that nobody told, is found out', () => {
    const wire = [sent(1, 'a'), sent(1, 'a'), acknowledged(1)];
    expect(broken({ wire, journal: [row('a'), row('a'), row('x')] })).toEqual({
      [twice]: ['2 times in the journal, told 1 times: a', '1 times in the journal, told 0 times: x'],
    });
  });

  it('may hold twice what came twice, under two numbers', () => {
    const wire = [sent(1, 'a'), sent(2, 'a'), acknowledged(2)];
    expect(broken({ wire, journal: [row('a'), row('a')] })).toEqual({});
    expect(broken({ wire, journal: [row('a')] })[lost]).toHaveLength(1);
  });

  it('has every answer of an agent that was not killed since', () => {
    const answered = 'every answer of an agent that lived on is in the journal';
    const frames = [frame(0), frame(1_000)];
    const faults = [fault('kill', 'device-1', 500, 900)];
    expect(broken({ frames, journal: [row('', 'look at 0')] })[answered]).toHaveLength(1);
    expect(broken({ frames, faults })[answered]).toHaveLength(1);
    expect(broken({ frames, faults, journal: [row('', 'look at 1000')] })[answered]).toBeUndefined();
  });

  it('has no outcome refused to an honest agent', () => {
    const wire: WireEvent[] = [{ at: 1, ...agent, kind: 'refused', sequence: 1, why: 'age_ms: too old' }];
    expect(broken({ wire })).toEqual({
      'no outcome of an honest agent is refused': ['device-1: 1: age_ms: too old'],
    });
  });
});
