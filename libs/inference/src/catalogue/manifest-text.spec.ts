import { describe, expect, it } from 'vitest';
import { manifestText } from './manifest-text.ts';

describe('manifestText', () => {
  it('keeps short lists and the steps of curves on a line each', () => {
    const step = { marginBelow: 0.1, share: 0.04, gain: 0.007, standardError: 0.0009 };
    const manifest = {
      labels: ['a', 'b'],
      variants: [{ input: { shape: [1, 3, 64, 64] } }],
      looks: { curves: [{ steps: [step, step] }] },
    };
    const lines = manifestText(manifest).split('\n');
    expect(lines).toContain('  "labels": ["a", "b"],');
    expect(lines).toContain('        "shape": [1, 3, 64, 64]');
    const line = '{ "marginBelow": 0.1, "share": 0.04, "gain": 0.007, "standardError": 0.0009 }';
    expect(lines.map((text) => text.trim())).toEqual(expect.arrayContaining([`${line},`, line]));
    expect(JSON.parse(manifestText(manifest))).toEqual(manifest);
  });

  it('leaves long lists as they are', () => {
    const labels = Array.from({ length: 30 }, (_, index) => `label ${index}`);
    expect(manifestText({ labels })).toBe(`${JSON.stringify({ labels }, null, 2)}\n`);
  });
});
