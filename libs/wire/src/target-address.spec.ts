import { describe, expect, it } from 'vitest';
import { joinTargets, targetFromText } from './target-address.ts';

describe('a target', () => {
  it("is a worker of Weir's unless it says otherwise", () => {
    const worker = { nodeId: 'edge-1', tier: 'edge', address: '[::1]:7101' };
    expect(targetFromText('edge-1=edge@[::1]:7101')).toEqual(worker);
    expect(targetFromText('edge-1=edge@[::1]:7101;protocol=weir')).toEqual(worker);
  });

  it('is a server of the Open Inference Protocol, with its models, their versions and its slots', () => {
    const text =
      'cloud-1=cloud@host:8001; protocol=oip; models=0.50-int8:small,1.00-fp32:org:large/2; slots=4';
    expect(targetFromText(text)).toEqual({
      nodeId: 'cloud-1',
      tier: 'cloud',
      address: 'host:8001',
      oip: {
        models: new Map([
          ['0.50-int8', { name: 'small', version: '' }],
          ['1.00-fp32', { name: 'org:large', version: '2' }],
        ]),
        slots: 4,
      },
    });
    expect(targetFromText('a=edge@host:1;protocol=oip')).toMatchObject({ oip: {} });
  });

  it.each([
    ['a=edge@host', 'expected NODE=edge@HOST:PORT'],
    ['a=device@host:1', 'expected NODE=edge@HOST:PORT'],
    ['a=edge@host:1;protocol=http', 'a: expected protocol=oip or protocol=weir, got http'],
    ['a=edge@host:1;models=x:y', 'need protocol=oip'],
    ['a=edge@host:1;protocol=oip;models=x', 'got x'],
    ['a=edge@host:1;protocol=oip;models=x:y/1/2', 'got x:y/1/2'],
    ['a=edge@host:1;protocol=oip;models=', 'expected models='],
    ['a=edge@host:1;protocol=oip;models=x:y,x:z', 'x is mapped twice'],
    ['a=edge@host:1;protocol=oip;slots=0', 'expected slots=1..1024, got 0'],
    ['a=edge@host:1;protocol=oip;slots=', 'expected slots=1..1024'],
    ['a=edge@host:1;protocol=oip;protocol=oip', 'each once'],
    ['a=edge@host:1;speed=3', 'got speed=3'],
    ['a=edge@host:1;', 'each once'],
  ])('is refused as %s', (text, message) => {
    expect(targetFromText(text)).toEqual({ fault: expect.stringContaining(message) as string });
  });

  it('keeps the models that a list was split at', () => {
    const parts = ['a=edge@h:1;protocol=oip;models=x:y', 'z-1:v/2', 'b=cloud@h:2', 'nonsense'];
    expect(joinTargets(parts)).toEqual([
      'a=edge@h:1;protocol=oip;models=x:y,z-1:v/2',
      'b=cloud@h:2',
      'nonsense',
    ]);
  });
});
