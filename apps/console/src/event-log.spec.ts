import { describe, expect, it } from 'vitest';
import { type Condition, EventLog } from './event-log.ts';

describe('the log of events', () => {
  const open = () => {
    let now = 0;
    const log = new EventLog(() => now);
    return {
      log,
      stand(at: number, ...conditions: [key: string, condition: Condition][]) {
        now = at;
        log.stand(new Map(conditions), new Set(['device-1']));
      },
      texts: () => log.all.map(({ at, kind, text }) => `${at} ${kind} ${text}`),
    };
  };

  it('has what goes on as one event, and its end as another', () => {
    const { stand, texts } = open();
    for (const at of [1, 2, 3]) stand(at, ['edge', { text: 'edge-1 is away', over: 'edge-1 is back' }]);
    expect(texts()).toEqual(['1 bad edge-1 is away']);
    stand(4);
    expect(texts()).toEqual(['4 good edge-1 is back', '1 bad edge-1 is away']);
    stand(5, ['edge', { text: 'edge-1 is away' }]);
    expect(texts()[0]).toBe('5 bad edge-1 is away');
  });

  it('keeps up what is told of it', () => {
    const { log, stand, texts } = open();
    stand(1, ['edge', { text: 'away from device-1' }]);
    log.tell('info', 'something else');
    stand(2, ['edge', { text: 'away from device-1, device-2' }]);
    expect(texts()).toEqual(['1 info something else', '1 bad away from device-1, device-2']);
  });

  it('leaves open what nobody who would know is heard of', () => {
    const { stand, texts } = open();
    const over = 'edge-1 is back';
    const told = { text: 'edge-1 is away', over };
    stand(1, ['far', { ...told, by: ['device-2'] }]);
    stand(2);
    expect(texts()).toEqual(['1 bad edge-1 is away']);
    stand(3, ['far', { ...told, by: ['device-2', 'device-1'] }]);
    expect(texts()).toHaveLength(1);
    stand(4);
    expect(texts()[0]).toBe('4 good edge-1 is back');
  });

  it('leaves open only so much, as devices come and go for ever', () => {
    const { stand, texts } = open();
    const of = (n: number): [string, Condition] => [
      `certificate ${n}`,
      { text: `due ${n}`, over: 'renewed', by: [`camera-${n}`] },
    ];
    for (let n = 0; n < 300; n++) stand(n, of(n));
    const renewed = (n: number): [string, Condition] => [of(n)[0], { ...of(n)[1], by: ['device-1'] }];
    stand(300, renewed(0), renewed(299));
    // The newest was still open, and is no news; the oldest had been forgotten.
    expect(texts()[0]).toBe('300 bad due 0');
    expect(texts().filter((text) => text.startsWith('300 '))).toHaveLength(1);
  });

  it('has one move by hand as one event, its last value', () => {
    const { log, stand, texts } = open();
    const set = (at: number, text: string) => {
      stand(at);
      log.change('floor', text);
    };
    set(1_000, 'floor 80');
    set(2_000, 'floor 81');
    log.change('learner', 'planner');
    set(3_000, 'floor 82');
    set(9_000, 'floor 83');
    expect(texts()).toEqual([
      '9000 info floor 83',
      '3000 info floor 82',
      '2000 info planner',
      '2000 info floor 81',
    ]);
  });

  it('keeps the newest thirty', () => {
    const { log } = open();
    for (let n = 1; n <= 40; n++) log.tell('info', String(n));
    expect([log.all.length, log.all[0]!.text, log.all.at(-1)!.text]).toEqual([30, '40', '11']);
  });
});
