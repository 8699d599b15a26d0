import { silentLogger } from '@weir/base';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type WorkerClaim, WorkerClaims } from './worker-claims.ts';

function claimsOf(...names: string[]) {
  const told: string[] = [];
  const logger = { ...silentLogger, warn: (_fields: object, message: string) => void told.push(message) };
  const claims = new WorkerClaims(logger, { name: 'garments', version: '1' });
  for (const nodeId of names) claims.add({ nodeId, tier: 'edge' });
  const usable = () => names.filter((nodeId) => claims.usable(nodeId));
  return { claims, told, usable };
}

const worker = (nodeId: string, more: Partial<WorkerClaim> = {}): WorkerClaim => ({
  nodeId,
  tier: 'edge',
  instanceId: `run of ${nodeId}`,
  ...more,
});

describe('WorkerClaims', () => {
  it('find no fault with a worker that calls itself what its target is called', () => {
    const { claims, told, usable } = claimsOf('edge-1');
    claims.claimed('edge-1', worker('edge-1'));
    expect([claims.workerOf('edge-1'), claims.faultOf('edge-1'), told, usable()]).toEqual([
      'edge-1',
      '',
      [],
      ['edge-1'],
    ]);
  });

  it('name both names and the cure once, over reconnections too, and keep the target', () => {
    const { claims, told, usable } = claimsOf('edge-1');
    for (const claim of [worker('worker-1'), undefined, worker('worker-1', { instanceId: 'next run' })])
      claims.claimed('edge-1', claim);
    expect(told).toEqual([
      'the worker of target edge-1 calls itself worker-1, and is known as edge-1 here: start it with --node-id edge-1, or name the target worker-1 in --targets',
    ]);
    expect(claims.faultOf('edge-1')).toBe(told[0]);
    expect(usable()).toEqual(['edge-1']);
    claims.claimed('edge-1', worker('edge-1'));
    expect(claims.faultOf('edge-1')).toBe('');
  });

  it('tell a worker of another tier than its target', () => {
    const { claims, told } = claimsOf('edge-1');
    claims.claimed('edge-1', worker('edge-1', { tier: 'cloud' }));
    expect(told).toEqual([expect.stringMatching(/is of tier edge here, and its worker says cloud/)]);
  });

  it('keep two workers of one name, and suggest no name that is taken', () => {
    const { claims, told, usable } = claimsOf('edge-1', 'edge-2');
    claims.claimed('edge-1', worker('edge-1'));
    claims.claimed('edge-2', worker('edge-1', { instanceId: 'another' }));
    expect(told).toEqual([expect.stringMatching(/edge-2 calls itself edge-1,.*--node-id edge-2$/)]);
    expect(usable()).toEqual(['edge-1', 'edge-2']);
  });

  it('leave out the later of two targets that are one worker, until the earlier has gone', () => {
    const { claims, told, usable } = claimsOf('edge-1', 'edge-2');
    claims.claimed('edge-2', worker('edge-1'));
    expect(usable()).toEqual(['edge-1', 'edge-2']);
    claims.claimed('edge-1', worker('edge-1'));
    expect(usable()).toEqual(['edge-1']);
    expect(claims.faultOf('edge-2')).toMatch(/left out: the same worker answers as target edge-1/);
    claims.claimed('edge-1', undefined);
    expect(usable()).toEqual(['edge-1', 'edge-2']);
    claims.claimed('edge-1', worker('edge-1'));
    expect(told.filter((text) => text.includes('left out'))).toHaveLength(1);
  });

  it('take workers that do not tell their run for different ones', () => {
    const { claims, usable } = claimsOf('edge-1', 'edge-2');
    for (const nodeId of ['edge-1', 'edge-2']) claims.claimed(nodeId, worker('edge-1', { instanceId: '' }));
    expect(usable()).toEqual(['edge-1', 'edge-2']);
  });

  const fit = (foreign: string[], nothingFits: boolean) => ({
    family: { name: 'digits', version: '2' },
    foreign: new Set(foreign),
    nothingFits,
  });

  it('leave out a worker of another family until it runs with this one, and tell that once', () => {
    const { claims, told, usable } = claimsOf('edge-1', 'edge-2');
    for (const run of ['a', 'b']) {
      claims.claimed('edge-1', worker('edge-1', { instanceId: run }));
      expect(usable()).toEqual(['edge-1', 'edge-2']);
      claims.compared('edge-1', fit(['v'], true));
      expect(usable()).toEqual(['edge-2']);
    }
    expect(told).toEqual([
      expect.stringMatching(/target edge-1 gets no frames: .*digits \(version 2\).*garments \(version 1\)/),
    ]);
    expect([claims.faultOf('edge-1'), claims.fitOf('edge-1')?.family?.name]).toEqual([told[0], 'digits']);
    claims.claimed('edge-1', worker('edge-1', { instanceId: 'c' }));
    claims.compared('edge-1', fit([], false));
    expect([usable(), claims.faultOf('edge-1')]).toEqual([['edge-1', 'edge-2'], '']);
  });

  it('keep a worker of which some variants fit, and name the others', () => {
    const { claims, told, usable } = claimsOf('edge-1');
    claims.claimed('edge-1', worker('edge-1'));
    claims.compared('edge-1', fit(['v'], false));
    expect(usable()).toEqual(['edge-1']);
    expect(told).toEqual([expect.stringContaining('gets no frames for v')]);
  });

  it('use each worker exactly once, whatever the order in which they connect', () => {
    const names = ['a', 'b', 'c', 'd'];
    const runs = fc.array(fc.constantFrom('x', 'y', 'z'), { minLength: 4, maxLength: 4 });
    const order = fc.shuffledSubarray(names, { minLength: 4 });
    fc.assert(
      fc.property(runs, order, (instances, arrivals) => {
        const { claims, usable } = claimsOf(...names);
        for (const name of arrivals)
          claims.claimed(name, worker(name, { instanceId: instances[names.indexOf(name)]! }));
        expect(usable()).toEqual(names.filter((_, i) => instances.indexOf(instances[i]!) === i));
      }),
    );
  });
});
