import type { Outcome } from '@weir/domain';
import { describe, expect, it } from 'vitest';
import { Trials } from './trials.ts';

const placement = (variant: string) => ({ tier: 'edge', nodeId: 'edge-1', variant }) as const;
const outcome = (variant: string, more: Partial<Outcome> = {}): Outcome => ({
  deviceId: 'device-1',
  placement: placement(variant),
  planVersion: 1,
  reason: 'planned',
  at: 0,
  hops: { agentMs: 0, uplinkMs: 0, queueMs: 0, decodeMs: 0, computeMs: 5, downlinkMs: 0 },
  responseMs: 10,
  predictedMs: 10,
  energyJ: 0,
  accuracy: 0.9,
  margin: 0.5,
  concurrency: 0,
  propensity: 1,
  trial: 'new',
  ...more,
});
const audit = (first: string, agreed: boolean) =>
  outcome('best', {
    firstLook: { placement: placement(first), margin: 0.5, agreed },
    auditProbability: 0.1,
    shadow: true,
  });

describe('trials', () => {
  it('count frames, failures, times and audits of both sides, and nothing of other frames', () => {
    const trials = new Trials();
    const { trial: _, ...other } = outcome('old');
    trials.learn([
      ...[10, 20, 30].map((responseMs) => outcome('new', { responseMs })),
      outcome('new', { failure: 'INTERNAL' }),
      outcome('old', { responseMs: 50 }),
      other,
      audit('new', true),
      audit('new', false),
      audit('old', true),
      // The last look of a frame of the other side was by another variant.
      audit('second', true),
    ]);
    const [{ canary, control } = expect.fail()] = trials.value([]);
    expect(canary).toMatchObject({ variant: 'new', frames: 3, failures: 1, audited: 2, agreed: 1 });
    expect(canary).toMatchObject({ responseP50Ms: 20, responseP95Ms: 29, computeP50Ms: 5 });
    expect(control).toMatchObject({ variant: 'old', frames: 1, responseP50Ms: 50, audited: 1, agreed: 1 });
  });

  it('add up the truths of the devices that are connected', () => {
    const trials = new Trials();
    trials.learn([outcome('new')]);
    const told = (labelled: number) => ({
      canary: 'new',
      ofCanary: { labelled, right: 1 },
      ofControl: { labelled: 2 * labelled, right: 3 },
    });
    for (const [at, id] of ['a', 'b', 'gone', 'away'].entries()) trials.learnTruths(id, [told(10 + at)]);
    trials.learnTruths('a', [told(11)]);
    trials.forget('gone');
    const [{ canary, control } = expect.fail()] = trials.value(['a', 'b', 'gone']);
    expect([canary.labelled, canary.right, control.labelled, control.right]).toEqual([22, 2, 44, 6]);
  });

  it('count of one device no more than of all others together', () => {
    const trials = new Trials();
    for (const [deviceId, frames] of [
      ['a', 20],
      ['b', 30],
      ['liar', 5_000],
    ] as const)
      for (let frame = 0; frame < frames; frame++)
        trials.learn(
          deviceId === 'liar'
            ? [outcome('new', { deviceId, failure: 'INTERNAL' }), { ...audit('new', false), deviceId }]
            : [outcome('new', { deviceId }), { ...audit('new', true), deviceId }],
        );
    for (let frame = 0; frame < 5_000; frame++)
      trials.learn([outcome('old', { deviceId: 'liar', responseMs: 1 })]);
    for (let frame = 0; frame < 100; frame++)
      for (const deviceId of ['a', 'b']) trials.learn([outcome('old', { deviceId, responseMs: 10 })]);
    trials.learn([outcome('old', { deviceId: 'liar', responseMs: 1 })]);
    const told = (labelled: number, right: number) => ({
      canary: 'new',
      ofCanary: { labelled, right },
      ofControl: { labelled: 0, right: 0 },
    });
    trials.learnTruths('a', [told(40, 40)]);
    trials.learnTruths('liar', [told(10_000, 0)]);
    const [{ canary, control } = expect.fail()] = trials.value(['a', 'b', 'liar']);
    expect(canary).toMatchObject({
      frames: 50,
      failures: 50,
      audited: 100,
      agreed: 50,
      labelled: 80,
      right: 40,
    });
    expect(control).toMatchObject({ frames: 400, responseP50Ms: 5.5, responseP95Ms: 10 });
  });

  it('forget the trial that was heard of longest ago when there are too many', () => {
    const trials = new Trials();
    for (let at = 0; at < 16; at++) trials.learn([outcome('old', { trial: `new-${at}` })]);
    trials.learn([outcome('old', { trial: 'new-0' }), outcome('new-16', { trial: 'new-16' })]);
    const value = trials.value([]);
    expect(value).toHaveLength(16);
    expect(value.at(-1)!.canary.variant).toBe('new-16');
    expect(value.map(({ control }) => control.frames)).toContain(2);
  });
});
