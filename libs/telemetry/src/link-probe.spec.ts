import { FakeClock } from '@weir/base';
import { describe, expect, it } from 'vitest';
import { createLinkProbe } from './link-probe.ts';

const probe = () => {
  const clock = new FakeClock(1_000_000);
  const link = createLinkProbe({ peerNodeId: 'edge-1', clock });
  return {
    clock,
    link,
    echo: (roundTripMs: number, payloadBytes = 0) => link.echoed({ payloadBytes, roundTripMs, peerMs: 0 }),
  };
};

describe('link probe', () => {
  it('knows nothing before the first answer', () => {
    expect(probe().link.state()).toEqual({
      peerNodeId: 'edge-1',
      roundTripMs: 0,
      uplinkBitsPerSecond: 0,
      reachable: false,
    });
  });

  it("takes the peer's own time off the round trip", () => {
    const { link } = probe();
    link.echoed({ payloadBytes: 0, roundTripMs: 25, peerMs: 5 });
    expect(link.state()).toMatchObject({ roundTripMs: 20, reachable: true });
  });

  it('gives the median of the last ten round trips', () => {
    const { link, echo } = probe();
    for (let i = 0; i < 10; i++) echo(500);
    for (const ms of [20, 20, 20, 20, 20, 20, 900, 900, 900, 900]) echo(ms);
    expect(link.state().roundTripMs).toBe(20);
  });

  it('estimates the rate by what a large message takes beyond a small one', () => {
    const { link, echo } = probe();
    echo(20);
    echo(20 + 100, 125_000);
    expect(link.state()).toMatchObject({ roundTripMs: 20, uplinkBitsPerSecond: 10_000_000 });
  });

  it('learns the rate from inferences too, whose time is one way', () => {
    const { link, echo } = probe();
    echo(20);
    link.transferred({ bytes: 150_000, uplinkMs: 10 + 60 });
    expect(link.state().uplinkBitsPerSecond).toBe(20_000_000);
  });

  it('gives no rate for messages that are too small or too fast to tell', () => {
    const { link, echo } = probe();
    echo(1);
    echo(1.02, 200_000);
    echo(3, 4_000);
    link.transferred({ bytes: 4_000, uplinkMs: 3 });
    expect(link.state().uplinkBitsPerSecond).toBe(0);
  });

  it('calls the peer unreachable after two failures in a row, and reachable at its next answer', () => {
    const { link, echo } = probe();
    echo(20);
    link.failed();
    expect(link.state().reachable).toBe(true);
    link.failed();
    expect(link.state().reachable).toBe(false);
    echo(20);
    expect(link.state().reachable).toBe(true);
  });

  it('calls the peer unreachable at once when the connection broke, and reachable at its next answer', () => {
    const { link, echo } = probe();
    echo(20);
    link.lost();
    expect(link.state()).toMatchObject({ roundTripMs: 20, reachable: false });
    echo(30);
    expect(link.state()).toMatchObject({ roundTripMs: 30, reachable: true });
  });

  it('calls a peer unreachable that has been silent for 5 s', () => {
    const { link, echo, clock } = probe();
    echo(20);
    clock.advance(5_000);
    expect(link.state().reachable).toBe(true);
    clock.advance(1);
    expect(link.state().reachable).toBe(false);
  });

  it('forgets what it measured before an outage', () => {
    const { link, echo, clock } = probe();
    echo(20);
    echo(120, 125_000);
    clock.advance(60_000);
    echo(80);
    expect(link.state()).toMatchObject({ roundTripMs: 80, uplinkBitsPerSecond: 0, reachable: true });
  });
});
