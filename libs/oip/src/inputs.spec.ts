import type { inference } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { joinElements } from './bytes-elements.ts';
import { tensorsOf } from './inputs.ts';
import { contents, floats, input, pixels, request, text } from './oip.fixture.ts';

const faultsOf = (fields: Partial<inference.ModelInferRequest>): string => {
  try {
    tensorsOf(request(fields));
    return '';
  } catch (error) {
    return (error as Error).message;
  }
};

describe('inputs of a request', () => {
  it('are their raw bytes, one entry each', () => {
    const inputs = [input(), input({ name: 'threshold', shape: [] })];
    expect(tensorsOf(request({ inputs, rawInputContents: [pixels, floats(0.5)] }))).toEqual([
      { name: 'pixels', dtype: 'float32', shape: [1, 3, 2, 2], data: pixels },
      { name: 'threshold', dtype: 'float32', shape: [], data: floats(0.5) },
    ]);
  });

  it('are the same typed', () => {
    const typed = input({ shape: [2n], contents: contents({ fp32Contents: [1, 2] }) });
    const [tensor] = tensorsOf(request({ inputs: [typed], rawInputContents: [] }));
    expect(Buffer.from(tensor!.data)).toEqual(floats(1, 2));
  });

  it('are not taken raw and typed together', () => {
    expect(faultsOf({ inputs: [input({ contents: contents({ fp32Contents: [1] }) })] })).toContain(
      'inputs[0].contents: contents must not be given beside raw_input_contents',
    );
  });

  it('must be as many bytes, elements and entries as they say', () => {
    expect(faultsOf({ rawInputContents: [pixels.subarray(4)] })).toMatch(/inputs\[0\].*48 bytes.*got 44/);
    expect(faultsOf({ rawInputContents: [pixels, pixels] })).toContain(
      'raw_input_contents: expected one for each of 1 inputs, got 2',
    );
    const strings = [input({ datatype: 'BYTES', shape: [2n] })];
    expect(faultsOf({ inputs: strings, rawInputContents: [joinElements([pixels])] })).toContain('2 elements');
    expect(faultsOf({ inputs: strings, rawInputContents: [joinElements([pixels, pixels])] })).toBe('');
    const short = input({ shape: [3n], contents: contents({ fp32Contents: [1, 2] }) });
    expect(faultsOf({ inputs: [short], rawInputContents: [] })).toMatch(/12 bytes.*got 8/);
    expect(faultsOf({ rawInputContents: [] })).toContain("input 'pixels' has no contents");
    expect(faultsOf({ inputs: [], rawInputContents: [] })).toContain('inputs: expected at least one');
  });

  it('are named with every fault at once', () => {
    const inputs = [
      input({ datatype: 'BF16' }),
      input({ name: 'b', shape: [-1n] }),
      input({ name: 'b' }),
      input({ name: 'c', parameters: { shared_memory_region: text('r') } }),
      input({ name: 'd', shape: [2n ** 62n] }),
    ];
    const message = faultsOf({ inputs, rawInputContents: inputs.map(() => pixels) });
    expect(message).toContain('inputs[0].datatype: expected one of BOOL, INT8');
    expect(message).toContain('inputs[1].shape');
    expect(message).toContain('inputs[2].name: b is given twice');
    expect(message).toContain('inputs[3].parameters: there is no shared memory here');
    expect(message).toContain('inputs[4].shape');
  });
});
