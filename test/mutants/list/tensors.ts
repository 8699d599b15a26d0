import { mutantsOf } from '../mutant.ts';

const ofRunner = { specs: ['runner-tensors.spec.ts'] };

const serving = mutantsOf('libs/inference/src/serving', [
  {
    title: 'an input that the model lacks is passed over',
    file: 'inference-input.ts',
    find: 'faults.check(false, field, `the model has no such input',
    replace: 'faults.check(true, field, `the model has no such input',
    ...ofRunner,
  },
  {
    title: 'an input that is missing is not told',
    file: 'inference-input.ts',
    find: 'faults.check(given.has(spec.name),',
    replace: 'faults.check(true,',
    ...ofRunner,
  },
  {
    title: 'tensors without elements reach the model',
    file: 'inference-input.ts',
    find: 'Number.isInteger(size) && size > 0',
    replace: 'Number.isInteger(size)',
    ...ofRunner,
  },
  {
    title: "a caller's tensor is handed over instead of copied",
    file: 'session-slot.ts',
    find: 'const copy = new Uint8Array(bytes);',
    replace: 'const copy = bytes as Uint8Array<ArrayBuffer>;',
    ...ofRunner,
  },
  {
    title: 'half floats arrive empty',
    file: 'session-tensors.ts',
    find: "import './no-float16-array.ts';",
    replace: '',
    ...ofRunner,
  },
  {
    title: 'outputs of any size are handed on',
    file: 'session-tensors.ts',
    find: 'if (bytes > maxTensorBytes)',
    replace: 'if (bytes > 2 * maxTensorBytes)',
    ...ofRunner,
  },
  {
    title: 'an input that the model fails on is a fault of the node',
    file: 'session-tensors.ts',
    find: 'throw refused(`the model fails on these inputs: ${(cause as Error).message.slice(0, 300)}`, cause);',
    replace: 'throw cause;',
    ...ofRunner,
  },
  {
    title: 'a classifier gives its outputs unasked',
    file: 'classifier-answer.ts',
    find: 'if (!wantOutputs) return prediction;',
    replace: '',
    ...ofRunner,
  },
]);

const catalogue = mutantsOf('libs/inference/src/catalogue', [
  {
    title: 'a detector is imported into a family of classifiers',
    file: 'tensor-variant.ts',
    find: 'if (mine !== its)',
    replace: 'if (false)',
    specs: ['import-tensor-model.spec.ts'],
  },
  {
    title: 'a family holds models of different inputs',
    file: 'tensor-variant.ts',
    find: 'else if (interfaceOf(first) !== interfaceOf(other))',
    replace: 'else if (false)',
    specs: ['import-tensor-model.spec.ts'],
  },
  {
    title: 'a model that leaves its shape open is imported without one',
    file: 'inspect-tensors.ts',
    find: 'if (!given && shape.slice(1).includes(-1))',
    replace: 'if (false)',
    specs: ['import-tensor-model.spec.ts'],
  },
]);

const domain = mutantsOf('libs/domain/src', [
  {
    title: 'a string that is cut short is read beyond its end',
    file: 'tensor.ts',
    find: "if (end > data.length) throw new RangeError('cut short');",
    replace: '',
  },
  {
    title: 'a shape of other bytes is taken',
    file: 'tensor.ts',
    find: 'if (data.byteLength !== expected)',
    replace: 'if (data.byteLength < expected)',
  },
]);

const wire = mutantsOf('libs/wire/src', [
  {
    title: 'tensors of one name are both taken',
    file: 'tensors.ts',
    find: "violations.check(!names.has(name), here, 'appears twice');",
    replace: '',
    specs: ['infer-request.spec.ts'],
  },
  {
    title: 'many tensors together may be larger than a message',
    file: 'tensors.ts',
    find: 'bytes <= tensorBytes',
    replace: 'true',
    specs: ['infer-request.spec.ts'],
  },
]);

const agent = mutantsOf('apps/device-agent/src', [
  {
    title: 'tensors are hedged',
    file: 'frames/first-look.ts',
    find: "content?.$case === 'tensors'",
    replace: 'content === undefined',
    specs: ['frames/hedge.spec.ts'],
  },
  {
    title: 'an answer that is no classification is looked at again',
    file: 'frames/sureness.ts',
    find: 'classification?.margin ?? 1',
    replace: 'classification?.margin ?? 0',
    specs: ['frames/hedge.spec.ts'],
  },
  {
    title: 'an answer of tensors is audited',
    file: 'audits/audits.ts',
    find: 'if (!audited.answer.classification) return;',
    replace: '',
  },
  {
    title: 'a worker may send more outputs than an answer holds',
    file: 'targets/remote-target.ts',
    find: 'if (bytesOf(outputs) > limits.tensorBytes)',
    replace: 'if (false)',
  },
]);

export const tensors = [...serving, ...catalogue, ...domain, ...wire, ...agent];
