import { describe, expect, it } from 'vitest';
import { bytesOfContents } from './contents.ts';
import type { Datatype } from './datatypes.ts';
import { contents } from './oip.fixture.ts';

const hex = (datatype: Datatype, fields: Parameters<typeof contents>[0]) => {
  const bytes = bytesOfContents(contents(fields), datatype);
  return 'fault' in bytes ? bytes.fault : Buffer.from(bytes).toString('hex');
};

describe('typed contents', () => {
  it.each<[Datatype, Parameters<typeof contents>[0], string]>([
    ['BOOL', { boolContents: [true, false] }, '0100'],
    ['INT8', { intContents: [-128, 127] }, '807f'],
    ['INT16', { intContents: [-2, 1] }, 'feff0100'],
    ['INT32', { intContents: [-2] }, 'feffffff'],
    ['INT64', { int64Contents: [-2n] }, 'feffffffffffffff'],
    ['UINT8', { uintContents: [255] }, 'ff'],
    ['UINT16', { uintContents: [65_535] }, 'ffff'],
    ['UINT32', { uintContents: [4_294_967_295] }, 'ffffffff'],
    ['UINT64', { uint64Contents: [2n ** 64n - 1n] }, 'ffffffffffffffff'],
    ['FP32', { fp32Contents: [1] }, '0000803f'],
    ['FP64', { fp64Contents: [1] }, '000000000000f03f'],
    ['BYTES', { bytesContents: [Buffer.from('ab')] }, '020000006162'],
  ])('of %s become its bytes, little endian', (datatype, fields, expected) => {
    expect(hex(datatype, fields)).toBe(expected);
  });

  it('are refused where they are in the list of another type, beyond their own, or of none', () => {
    expect(hex('FP32', { fp64Contents: [1] })).toBe('FP32 belongs in fp32_contents, got fp64_contents');
    expect(hex('INT8', { intContents: [1, 128] })).toBe('128 is no INT8');
    expect(hex('INT16', { intContents: [-32_769] })).toBe('-32769 is no INT16');
    expect(hex('UINT8', { uintContents: [256] })).toBe('256 is no UINT8');
    expect(hex('UINT16', { uintContents: [65_536] })).toBe('65536 is no UINT16');
    expect(hex('FP16', { fp32Contents: [1] })).toContain('raw_input_contents');
  });
});
