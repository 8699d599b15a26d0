import { getOrAdd, median, seededRandom } from '@weir/base';
import type { AccuracyCorrection, Outcome } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { AccuracyGuard } from './accuracy-guard.ts';
import {
  frame,
  guardedLooks as looks,
  guardedVariants as variants,
  lostMore,
  outcome,
  type Pictures,
  subject,
} from './pictures.fixture.ts';

/** Looks again at 44 % of the frames. */
const lookAgainBelow = 0.8;
/** All that is lost shows in the margins. */
const harder: Pictures = { hard: 0.36 };
/** As blurred scenes are to the embedded family: a third of what is lost shows in the margins. */
const blurred: Pictures = { hard: 0.12, hidden: 0.035 };

function guarded(seed: number, looking: { lookAgainBelow?: number | undefined; auditShare?: number } = {}) {
  const random = seededRandom(seed);
  const guard = new AccuracyGuard();
  guard.observe({ variants, looks });
  /** The corrections after each frame. */
  const see = (frames: number, pictures: Pictures = {}): (AccuracyCorrection | undefined)[] =>
    Array.from({ length: frames }, () => {
      guard.learn(frame(pictures, { random, lookAgainBelow, ...looking }));
      return correction(guard);
    });
  return { guard, see };
}

const drifts = new Map<Pictures, (AccuracyCorrection | undefined)[][]>();
/** Of 20 cells: the correction after each of 4,000 frames of such pictures, which follow 3,000 that are as the curves know them. */
const afterDrifts = (pictures: Pictures) =>
  getOrAdd(drifts, pictures, () =>
    Array.from({ length: 20 }, (_, seed) => {
      const { see } = guarded(seed);
      see(3_000);
      return see(4_000, pictures);
    }),
  );

/** Of a cell with one device. */
const correction = (guard: AccuracyGuard) => guard.correct({ devices: [outcome({}).deviceId] }).plan;
const share = (of: readonly unknown[]) => of.filter(Boolean).length / of.length;
const lossOf = (found: AccuracyCorrection | undefined) => found?.firsts[0]?.loss ?? 1;

describe('AccuracyGuard', () => {
  it.each([
    ['second looks and audits', { lookAgainBelow }],
    ['few second looks', { lookAgainBelow: 0.5 }],
    ['second looks alone', { auditShare: 0 }],
    ['audits alone', { lookAgainBelow: undefined }],
  ])('hardly ever corrects where nothing drifts: %s', (_what, looking) => {
    const runs = Array.from({ length: 24 }, (_, seed) => guarded(seed, looking).see(5_000));
    expect(runs.filter((run) => run.some(Boolean)).length).toBeLessThanOrEqual(2);
    expect(share(runs.flat())).toBeLessThan(0.03);
  });

  it('takes pictures that come again and again as evidence once', () => {
    const renamed = (scene: readonly Outcome[], by: number) =>
      scene.map((each) => ({
        ...each,
        margin: each.margin + by,
        ...(each.firstLook && { firstLook: { ...each.firstLook, margin: each.firstLook.margin + by } }),
      }));
    /** Of 40 cells that see the same 300 scenes ten times, or others every time that are just like them. */
    const corrected = (others: boolean) =>
      Array.from({ length: 40 }, (_, seed) => {
        const random = seededRandom(seed);
        const guard = new AccuracyGuard();
        guard.observe({ variants, looks });
        const scenes = Array.from({ length: 300 }, () => frame({}, { random, lookAgainBelow }));
        return Array.from({ length: 10 }, (_each, time) => time).some((time) =>
          scenes.some((scene) => {
            guard.learn(renamed(scene, others ? time * 1e-9 : 0));
            return correction(guard);
          }),
        );
      }).filter(Boolean).length;
    expect(corrected(false)).toBeLessThanOrEqual(1);
    expect(corrected(true)).toBeGreaterThan(8);
  });

  it('takes frames of a video that hardly differ as evidence once', () => {
    /** Of 20 cells that see each subject for so many frames. */
    const corrected = (frames: number) =>
      Array.from({ length: 20 }, (_, seed) => {
        const random = seededRandom(seed);
        const guard = new AccuracyGuard();
        guard.observe({ variants, looks });
        return Array.from({ length: 3_000 / frames }, () => subject({}, random)).some((shown) =>
          Array.from({ length: frames }, () => {
            const certainty = Math.min(0.999, shown.certainty + 0.01 * random.uniform());
            guard.learn(frame({}, { random, lookAgainBelow }, { ...shown, certainty }));
            return correction(guard);
          }).some(Boolean),
        );
      }).filter(Boolean).length;
    expect(corrected(5)).toBeLessThanOrEqual(1);
    expect(corrected(20)).toBeLessThanOrEqual(4);
  });

  it.each<[string, Pictures, number]>([
    ['pictures that are harder, as all margins show', harder, 400],
    ['pictures that are harder, as some margins show', blurred, 1_200],
  ])('notices 5 points less: %s', (_what, pictures, within) => {
    const wanted = 1 + lostMore(pictures) / 0.06;
    const runs = afterDrifts(pictures).map((corrections) => ({
      noticed: corrections.findIndex(Boolean),
      loss: lossOf(corrections.at(-1)),
    }));
    for (const { noticed } of runs) expect(noticed).toBeGreaterThan(-1);
    expect(median(runs.map(({ noticed }) => noticed))).toBeLessThan(within);
    expect(median(runs.map(({ loss }) => loss))).toBeGreaterThan(1 + 0.7 * (wanted - 1));
    expect(median(runs.map(({ loss }) => loss))).toBeLessThan(1 + 1.8 * (wanted - 1));
  });

  it('finds by audits alone what confident looks get wrong', () => {
    const { guard, see } = guarded(1, { auditShare: 0.2 });
    see(2_000);
    expect(correction(guard)).toBeUndefined();
    see(2_000, { hidden: 0.08 });
    const [first] = correction(guard)!.firsts;
    expect(first!.share).toBeCloseTo(1, 0);
    expect(first!.loss).toBeGreaterThan(1.5);
    const without = guarded(1, { auditShare: 0, lookAgainBelow: undefined });
    without.see(2_000);
    without.see(2_000, { hidden: 0.08 });
    expect(correction(without.guard)).toBeUndefined();
  });

  it('weighs an audit by how unlikely it was', () => {
    const small = { tier: 'device', nodeId: 'device-1', variant: 'small' } as const;
    const best = { tier: 'edge', nodeId: 'edge-1', variant: 'best' } as const;
    /** Of answers drawn one time in two, and of those drawn one time in twenty, these shares agree. */
    const lossOfAudits = (often: number, seldom: number) => {
      const guard = new AccuracyGuard();
      guard.observe({ variants, looks });
      for (let at = 0; at < 400; at++) {
        const [auditProbability, agreeing] = at % 2 === 0 ? [0.5, often] : [0.05, seldom];
        // Each of another picture.
        const more = at / 1e6;
        const firstLook = { placement: small, margin: 0.9 + more, agreed: (at >> 1) % 10 < 10 * agreeing };
        guard.learn([
          outcome({ margin: (at % 100) / 100 + more }),
          outcome({ placement: best, shadow: true, firstLook, auditProbability }),
        ]);
      }
      return lossOf(correction(guard));
    };
    expect(lossOfAudits(1, 0.6)).toBeGreaterThan(1.5 * lossOfAudits(0.6, 1));
  });

  it('takes no margins that look easy to make up for answers that change', () => {
    const small = { tier: 'device', nodeId: 'device-1', variant: 'small' } as const;
    const best = { tier: 'edge', nodeId: 'edge-1', variant: 'best' } as const;
    const lossWith = (marginOf: (at: number) => number) => {
      const guard = new AccuracyGuard();
      guard.observe({ variants, looks });
      for (let at = 0; at < 600; at++) {
        const firstLook = { placement: small, margin: 0.9 + at / 1e5, agreed: at % 4 > 0 };
        guard.learn([
          outcome({ margin: marginOf(at) }),
          outcome({ placement: best, shadow: true, firstLook, auditProbability: 0.5 }),
        ]);
      }
      return lossOf(correction(guard));
    };
    const certainty = seededRandom(1);
    const asUsual = lossWith(() => frame({}, { random: certainty, auditShare: 0 })[0]!.margin);
    const easy = lossWith((at) => 0.98 + at / 1e5);
    expect(asUsual).toBeGreaterThan(3);
    expect(easy / asUsual).toBeGreaterThan(0.95);
  });

  it('takes agreement with any other variant than the best for no audit', () => {
    const middle = { ...variants[1]!, name: 'middle', accuracy: 0.84 };
    const guard = new AccuracyGuard();
    guard.observe({ variants: [...variants, middle], looks });
    const audit = (variant: string) => {
      const placement = { tier: 'edge', nodeId: 'edge-1', variant } as const;
      const firstLook = { placement: outcome({}).placement, margin: 0.5, agreed: true };
      guard.learn([outcome({}), outcome({ placement, shadow: true, firstLook, auditProbability: 0.5 })]);
      return guard.accuracy([]).audits?.audits;
    };
    expect(audit('middle')).toBeUndefined();
    expect(audit('best')).toBe(1);
  });

  it('forgets most of what was before once it has noticed a drift', () => {
    const wanted = 1 + lostMore(harder) / 0.06;
    const soonAfter = afterDrifts(harder).map((corrections) =>
      lossOf(corrections[corrections.findIndex(Boolean) + 100]),
    );
    expect(median(soonAfter)).toBeGreaterThan(1 + 0.7 * (wanted - 1));
  });

  it('recalls the past once, in steps, as soon as it knows of curves', () => {
    const random = seededRandom(1);
    const past = Array.from({ length: 1_000 }, () =>
      frame({ hard: 0.36 }, { random, lookAgainBelow }),
    ).flat();
    const guard = new AccuracyGuard();
    guard.recall(past);
    expect(correction(guard)).toBeUndefined();
    guard.observe({ variants });
    expect(correction(guard)).toBeUndefined();
    expect(guard.hasPast).toBe(true);
    expect([...guard.observeInSteps({ variants, looks })].length).toBeGreaterThan(past.length / 20);
    expect(guard.hasPast).toBe(false);
    expect(lossOf(correction(guard))).toBeGreaterThan(1.5);
    guard.observe({ variants, looks: { ...looks, version: 'others' } });
    expect(correction(guard)).toBeUndefined();
  });

  it('stops when the drift has gone, and begins and ends once', () => {
    for (const seed of [1, 2, 3]) {
      const { see } = guarded(seed);
      const corrections = [...see(2_000), ...see(3_000, { hard: 0.36 }), ...see(7_000)];
      const turns = corrections.filter(
        (each, at) => at > 0 && Boolean(each) !== Boolean(corrections[at - 1]),
      );
      expect(turns).toHaveLength(2);
      expect(corrections.at(-1)).toBeUndefined();
      // It is told anew now and then, and not with every frame.
      const told = corrections.filter((each, at) => at > 0 && lossOf(each) !== lossOf(corrections[at - 1]));
      expect(told.length).toBeLessThan(80);
    }
  });

  it('takes variants that have looked little to lose as many times as much as the one that shows it', () => {
    const middle = { ...variants[1]!, name: 'middle' };
    const [curve] = looks.curves;
    const guard = new AccuracyGuard();
    guard.observe({
      variants: [...variants, middle],
      looks: { ...looks, version: 'curves-2', curves: [curve!, { ...curve!, first: 'middle' }] },
    });
    const random = seededRandom(1);
    const see = (frames: number, pictures: Pictures, variant: string) => {
      for (let at = 0; at < frames; at++)
        for (const each of frame(pictures, { random, lookAgainBelow })) {
          const as = { ...each.placement, variant };
          guard.learn([
            each.firstLook
              ? { ...each, firstLook: { ...each.firstLook, placement: as } }
              : { ...each, placement: as },
          ]);
        }
      return new Map(correction(guard)?.firsts.map(({ variant: name, loss }) => [name, loss]));
    };
    const shown = see(2_000, { hard: 0.36 }, 'small');
    expect(shown.get('small')).toBeGreaterThan(1.5);
    expect(shown.get('middle')! / shown.get('small')!).toBeCloseTo(1, 0);
    // Looked with often enough, it speaks for itself.
    expect(see(2_000, {}, 'middle').get('middle') ?? 1).toBeLessThan(1.75);
  });

  it('forgets a variant that is not used any more, so that it is tried again', () => {
    const { guard, see } = guarded(1);
    see(2_000, { hard: 0.36 });
    expect(correction(guard)).toBeDefined();
    const byBest = outcome({ placement: { tier: 'edge', nodeId: 'edge-1', variant: 'best' } });
    for (let look = 0; look < 100_000; look++) guard.learn([byBest]);
    expect(correction(guard)).toBeUndefined();
  });

  it('relaxes nothing where pictures are easier', () => {
    const easier = (outcomes: Outcome[]) =>
      outcomes.map(({ firstLook, ...rest }) => ({
        ...rest,
        margin: 0.99,
        ...(firstLook && { firstLook: { ...firstLook, agreed: true } }),
      }));
    const guard = new AccuracyGuard();
    guard.observe({ variants, looks });
    const random = seededRandom(1);
    for (let at = 0; at < 3_000; at++) guard.learn(easier(frame({}, { random, lookAgainBelow })));
    expect(correction(guard)).toBeUndefined();
  });

  it('has nothing to hold against curves that do not say how many answers change, and starts anew with others', () => {
    const silent = {
      ...looks,
      version: 'curves-0',
      curves: looks.curves.map(({ changed: _, ...curve }) => ({
        ...curve,
        steps: curve.steps.map(({ changed: __, ...step }) => step),
      })),
    };
    const { guard, see } = guarded(1);
    see(3_000, { hard: 0.36 });
    expect(correction(guard)).toBeDefined();
    guard.observe({ variants, looks: silent });
    expect(correction(guard)).toBeUndefined();
    see(3_000, { hard: 0.36 });
    expect(correction(guard)).toBeUndefined();
  });

  it('counts neither failures nor shadow looks', () => {
    const { guard, see } = guarded(1);
    see(500);
    const before = JSON.stringify(guard.accuracy([]));
    const placement = { tier: 'device', nodeId: 'device-1', variant: 'small' } as const;
    for (let look = 0; look < 2_000; look++)
      guard.learn([
        outcome({ margin: 0, failure: 'UNAVAILABLE' }),
        outcome({ margin: 0, shadow: true }),
        outcome({
          auditProbability: 0.02,
          shadow: true,
          failure: 'UNAVAILABLE',
          firstLook: { placement, margin: 0, agreed: false },
        }),
      ]);
    expect(JSON.stringify(guard.accuracy([]))).toBe(before);
    expect(correction(guard)).toBeUndefined();
  });
});

describe('the guard of several devices', () => {
  const honest = ['camera-1', 'camera-2', 'camera-3', 'camera-4'];
  const devices = [...honest, 'liar'];
  const by = (deviceId: string, of: readonly Outcome[]) => of.map((each) => ({ ...each, deviceId }));

  /** Honest devices, and one that says `lies` five times as often as each. Corrections of all after each of its turns. */
  function beside(
    seed: number,
    { pictures = {}, lies, turns = 150 }: { pictures?: Pictures; lies?: () => Outcome[]; turns?: number },
  ) {
    const random = seededRandom(seed);
    const guard = new AccuracyGuard();
    guard.observe({ variants, looks });
    const see = (of: Pictures, times: number) =>
      Array.from({ length: times }, () => {
        for (const id of honest) guard.learn(by(id, frame(of, { random, lookAgainBelow })));
        for (let lie = 0; lies && lie < 5; lie++) guard.learn(by('liar', lies()));
        return guard.correct({ devices });
      });
    see({}, 50);
    return see(pictures, turns);
  }
  const small = { tier: 'device', nodeId: 'liar', variant: 'small' } as const;
  const best = { tier: 'edge', nodeId: 'edge-1', variant: 'best' } as const;
  let pictures = 0;
  const margin = (least: number) => least + 0.1 * ((pictures++ * 0.618) % 1);
  const first = (of: number) => outcome({ placement: small, margin: of, lookAgainBelow });
  const changed = (of: number) => ({
    placement: best,
    firstLook: { placement: small, margin: of, agreed: false },
  });
  const lies: [string, () => Outcome[]][] = [
    ['pictures are harder', () => [first(margin(0))]],
    ['second looks change answers', () => [first(0.9), outcome(changed(margin(0.5)))]],
    [
      'audits change answers',
      () => [first(0.9), outcome({ ...changed(margin(0.9)), auditProbability: 0.01, shadow: true })],
    ],
  ];

  it.each(lies)('believes one that says that %s, and says so alone, for itself', (_what, lie) => {
    const runs = [1, 2].map((seed) => beside(seed, { lies: lie }));
    for (const run of runs) expect(lossOf(run.at(-1)!.of('liar'))).toBeGreaterThan(1.5);
    const told = runs.flat().flatMap(({ plan, of }) => [plan, ...honest.map(of)]);
    expect(share(told)).toBeLessThan(0.05);
  });

  it('believes one that is alone in its cell', () => {
    const guard = new AccuracyGuard();
    guard.observe({ variants, looks });
    for (let look = 0; look < 300; look++) guard.learn(by('a', [first(margin(0))]));
    expect(guard.correct({ devices: ['a', 'b'] }).plan).toBeUndefined();
    const { plan, of } = guard.correct({ devices: ['a'] });
    expect(lossOf(plan)).toBeGreaterThan(1.5);
    expect(of('a')).toEqual(plan);
  });

  it('notices what several see, though one says that nothing has changed', () => {
    const wanted = 1 + lostMore({ hard: 0.36 }) / 0.06;
    const asBefore = seededRandom(9);
    const usual = () => frame({}, { random: asBefore, lookAgainBelow });
    for (const lies of [undefined, usual]) {
      const runs = [1, 2].map((seed) => beside(seed, { pictures: { hard: 0.36 }, ...(lies && { lies }) }));
      for (const run of runs)
        for (const id of honest) {
          const loss = lossOf(run.at(-1)!.of(id));
          expect(loss).toBeGreaterThan(1 + (lies ? 0.3 : 0.7) * (wanted - 1));
          expect(loss).toBeLessThan(1 + 2.5 * (wanted - 1));
        }
    }
  });

  it('forgets what a device has told when it leaves', () => {
    const guard = new AccuracyGuard();
    guard.observe({ variants, looks });
    for (let look = 0; look < 300; look++)
      for (const id of ['a', 'b', 'c']) guard.learn(by(id, [first(margin(0))]));
    expect(guard.correct({ devices: ['a', 'b', 'c'] }).plan).toBeDefined();
    for (const id of ['a', 'b']) guard.forget(id);
    expect(guard.correct({ devices: ['c', 'd'] }).of('d')).toBeUndefined();
    expect(guard.correct({ devices: ['c', 'd'] }).of('c')).toBeDefined();
  });
});

describe('the audited agreement', () => {
  it('is bounded from below, and the bound is hardly ever above the truth at any time', () => {
    const runs = Array.from({ length: 100 }, (_, seed) => {
      const { guard, see } = guarded(seed, { auditShare: 0.05 });
      // Of the standing 56 %, as the curves say; 44 % are answered by the best variant.
      const expected = 0.44 + 0.56 * (1 - (0.143 - 0.134) / 0.56);
      let above = false;
      for (let look = 0; look < 30 && !above; look++) {
        see(100);
        above = (guard.accuracy([]).audits?.lowerBound ?? 0) > expected;
      }
      return { above, audits: guard.accuracy([]).audits! };
    });
    expect(runs.filter(({ above }) => above).length).toBeLessThanOrEqual(5);
    const { agreed, lowerBound, promised, audits, level } = runs[0]!.audits;
    expect(audits).toBeGreaterThan(50);
    expect(level).toBe(0.95);
    expect(promised).toBeCloseTo(0.991, 2);
    expect(agreed).toBeCloseTo(0.991, 1);
    expect(lowerBound).toBeLessThan(agreed);
    expect(lowerBound).toBeGreaterThan(0.9);
  });

  it('speaks of the devices of which an audit has come', () => {
    const { guard, see } = guarded(1, { auditShare: 0 });
    see(500);
    const audit = outcome({
      deviceId: 'audited',
      placement: { tier: 'edge', nodeId: 'edge-1', variant: 'best' },
      firstLook: {
        placement: { tier: 'device', nodeId: 'audited', variant: 'small' },
        margin: 0.9,
        agreed: false,
      },
      auditProbability: 0.5,
      shadow: true,
    });
    guard.learn([outcome({ deviceId: 'audited', margin: 0.9 }), audit]);
    expect(guard.accuracy([]).audits!.agreed).toBe(0);
    guard.learn([{ ...audit, deviceId: outcome({}).deviceId }]);
    expect(guard.accuracy([]).audits!.agreed).toBeGreaterThan(0.3);
  });

  it('counts a frame once that is looked at again more than once', () => {
    const guard = new AccuracyGuard();
    guard.observe({ variants, looks });
    const small = { tier: 'device', nodeId: 'device-1', variant: 'small' } as const;
    const best = { tier: 'edge', nodeId: 'edge-1', variant: 'best' } as const;
    const firstLook = { placement: small, margin: 0.1, agreed: true };
    guard.learn([
      outcome({ placement: small, margin: 0.1, lookedAgain: true }),
      outcome({ placement: best, firstLook, failure: 'UNAVAILABLE', lookedAgain: true }),
      outcome({ placement: best, firstLook }),
      outcome({
        placement: best,
        firstLook: { ...firstLook, agreed: false },
        auditProbability: 1,
        shadow: true,
      }),
    ]);
    expect(guard.accuracy([]).audits!.agreed).toBe(1);
  });

  it('is absent before the first audit', () => {
    const { guard, see } = guarded(1, { auditShare: 0 });
    see(100);
    expect(guard.accuracy([])).toEqual({});
  });
});
