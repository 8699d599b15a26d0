import { seededRandom } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { OutcomePause } from './outcome-pause.ts';

const never = () => 0;

describe('the pause between messages of outcomes', () => {
  it('counts from the last message of the session', () => {
    const pause = new OutcomePause(never, 500);
    expect(pause.leftMs(0)).toBeLessThanOrEqual(0);
    pause.sent(1_000);
    expect(pause.leftMs(1_100)).toBe(400);
    pause.begin();
    expect(pause.leftMs(1_100)).toBeLessThanOrEqual(0);
  });

  it('is a shorter one at once where the policy asks for that', () => {
    const pause = new OutcomePause(never, 4_000);
    pause.sent(0);
    pause.ask(2_000);
    expect(pause.leftMs(0)).toBe(2_000);
  });

  it('grows with the next message, which an agent has a timer for by then', () => {
    const pause = new OutcomePause(never, 1_000);
    pause.sent(0);
    pause.ask(4_000);
    expect(pause.leftMs(0)).toBe(1_000);
    pause.sent(1_000);
    expect(pause.leftMs(1_000)).toBe(4_000);
  });

  describe('keeps agents apart', () => {
    const random = seededRandom(7);
    const pauseMs = 4_000;

    /** How many of a thousand agents send in each quarter of a pause, once each has sent again after its first message. */
    function inQuarters(first: (pause: OutcomePause, at: number) => number): number[] {
      const counts = [0, 0, 0, 0];
      for (let at = 0; at < 1_000; at++) {
        const pause = new OutcomePause(random.uniform);
        const sentAt = first(pause, at);
        pause.sent(sentAt);
        const dueAt = sentAt + pause.leftMs(sentAt);
        expect(dueAt - sentAt).toBeGreaterThanOrEqual(pauseMs);
        expect(dueAt - sentAt).toBeLessThan(2 * pauseMs);
        pause.ask(pauseMs);
        pause.sent(dueAt);
        expect(pause.leftMs(dueAt)).toBeCloseTo(pauseMs);
        counts[Math.floor(((dueAt % pauseMs) / pauseMs) * 4)]!++;
      }
      return counts;
    }

    it('that hear of a longer pause at the same time', () => {
      const counts = inQuarters((pause, at) => {
        pause.ask(1_000);
        // Each at its own time within the shorter pause, and none for the first time.
        pause.sent(at - 2_000);
        pause.sent(at - 1_000);
        pause.ask(pauseMs);
        return at;
      });
      expect(Math.min(...counts)).toBeGreaterThan(200);
    });

    it('that begin a session together', () => {
      const counts = inQuarters((pause) => {
        pause.ask(pauseMs);
        pause.sent(0);
        pause.begin();
        return 0;
      });
      expect(Math.min(...counts)).toBeGreaterThan(200);
    });
  });
});
