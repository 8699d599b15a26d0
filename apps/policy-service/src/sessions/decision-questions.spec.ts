import { FakeClock, ResourceExhausted, Unavailable } from '@weir/base';
import { policy } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { DecisionQuestions } from './decision-questions.ts';

function start() {
  const clock = new FakeClock();
  const sent: policy.DecisionsWanted[] = [];
  return { clock, sent, questions: new DecisionQuestions((wanted) => sent.push(wanted), clock) };
}
const decisions = (...ids: string[]) =>
  ids.map((requestId) => policy.TracedDecision.fromPartial({ requestId }));

describe('a question about the last decisions of a device', () => {
  it('gets the answer that carries its number, and no more of it than was asked for', async () => {
    const { sent, questions } = start();
    const [first, second] = [questions.ask(1), questions.ask(2)];
    expect(sent.map(({ limit }) => limit)).toEqual([1, 2]);
    questions.answered({ id: sent[1]!.id, decisions: decisions('c', 'b', 'a') });
    questions.answered({ id: sent[0]!.id, decisions: decisions('d') });
    questions.answered({ id: 99n, decisions: decisions('x') });
    expect((await first).map(({ requestId }) => requestId)).toEqual(['d']);
    expect((await second).map(({ requestId }) => requestId)).toEqual(['c', 'b']);
  });

  it('ends after a while where the agent knows no such question', async () => {
    const { clock, questions } = start();
    const asked = questions.ask(1);
    clock.advance(5_000);
    await expect(asked).rejects.toMatchObject({ status: 'DEADLINE_EXCEEDED' });
  });

  it('ends with the session', async () => {
    const { questions } = start();
    const asked = questions.ask(1);
    questions.end(new Unavailable('gone'));
    await expect(asked).rejects.toThrow('gone');
  });

  it('is refused while too many are under way', async () => {
    const { questions } = start();
    const asked = Array.from({ length: 8 }, () => questions.ask(1));
    await expect(questions.ask(1)).rejects.toThrow(ResourceExhausted);
    questions.end(new Unavailable('gone'));
    await Promise.allSettled(asked);
    void questions.ask(1).catch(() => {});
  });
});
