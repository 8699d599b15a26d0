import { Cancelled, FakeClock, Unavailable } from '@weir/base';
import type { Connection } from '@weir/rpc';
import { describe, expect, it } from 'vitest';
import { PolicyRoute } from './policy-route.ts';

/** A route whose connections stand where `up` says so. */
function routeOver(...addresses: string[]) {
  const up = new Set(addresses);
  const open: string[] = [];
  const clock = new FakeClock();
  const made = new PolicyRoute({
    addresses,
    clock,
    connect(address): Connection {
      open.push(address);
      return {
        address,
        client: () => {
          throw new Error('not called');
        },
        ready: async () => {},
        get connected() {
          return up.has(address);
        },
        async [Symbol.asyncDispose]() {
          open.splice(open.indexOf(address), 1);
        },
      };
    },
  });
  const at = () => made.connection.address;
  return { route: made, up, clock, open, at };
}
const lost = new Unavailable('the connection is lost');
const sentTo = (owner: string) =>
  new Unavailable('go there', { reason: 'CELL_OWNED_ELSEWHERE', info: { cell: 'c', owner } });

describe('the route to the policy', () => {
  it('goes to the owner that it is told of, and back to those configured when that one is gone', () => {
    const { route, at, open } = routeOver('a:1', 'b:1');
    route.ended(sentTo('owner:7'));
    expect(at()).toBe('owner:7');
    route.ended(lost);
    expect(at()).toBe('b:1');
    route.ended(lost);
    expect(at()).toBe('a:1');
    expect(open).toEqual(['a:1']);
  });

  it('asks again where it is told of an owner that is gone, until it is back', () => {
    const { route, at, clock } = routeOver('a:1', 'b:1', 'c:1');
    route.ended(sentTo('c:1'));
    route.ended(lost);
    expect(at()).toBe('b:1');
    clock.advance(1_000);
    // As long as it may take for the lease of the owner to run out.
    for (let times = 0; times < 3; times++) expect(route.ended(sentTo('c:1'))).toBe(4_000);
    expect(at()).toBe('b:1');
    clock.advance(4_000);
    expect(route.ended(sentTo('c:1'))).toBe(0);
    expect(at()).toBe('c:1');
  });

  it('stays where it is when the session was ended here, or is asked to come again', () => {
    const { route, at } = routeOver('a:1', 'b:1');
    route.ended(new Cancelled('here'));
    route.ended(new Unavailable('come again', { retryAfterMs: 100 }));
    expect(at()).toBe('a:1');
  });

  it('keeps its only connection, which comes back by itself', () => {
    const { route, at, open } = routeOver('a:1');
    const [first] = [route.connection];
    route.ended(lost);
    expect(route.connection).toBe(first);
    expect([at(), open]).toEqual(['a:1', ['a:1']]);
    route.ended(sentTo('owner:7'));
    route.ended(lost);
    expect(at()).toBe('a:1');
  });

  it('does not wait for the answer of a machine that is gone', () => {
    const { route, at, clock } = routeOver('a:1');
    let given = 0;
    const giveUp = () => {
      given++;
      route.ended(new Cancelled('given up'));
    };
    route.expectAnswer(giveUp);
    route.ended(sentTo('owner:7'));
    route.expectAnswer(giveUp);
    clock.advance(5_000);
    expect([given, at()]).toEqual([1, 'a:1']);
  });

  it.each(['', '0.0.0.0:7100', 'owner', 'owner:0'])('does not go to %j', (owner) => {
    const { route, at } = routeOver('a:1', 'b:1');
    route.ended(sentTo(owner));
    expect(at()).toBe('b:1');
  });
});
