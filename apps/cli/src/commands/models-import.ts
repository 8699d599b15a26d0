import { ConfigError, Exit, share } from '@weir/base';
import { type Imported, type ImportOptions, LEAST_PICTURES, importModel } from '@weir/inference';
import { limits } from '@weir/wire';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { named } from '../named.ts';
import { importTensors } from '../models/import-tensors.ts';
import { shareOf, stageText } from '../models/stages.ts';
import { throttled } from '../models-table.ts';
import { whole } from '../whole.ts';
import { ms, percent } from '../words.ts';

const name = 'weir models import';
const side = () =>
  z.number('expected a number').int('expected a whole number').min(1, 'must be >= 1').optional();

export default defineCommand({
  name,
  summary:
    'Imports your own ONNX model as a variant of a family: a classifier, measured on labelled pictures, or any other.',
  schema: z.object({
    model: named('name the ONNX file').describe('The ONNX file.'),
    task: z
      .enum(['classification', 'tensor'])
      .default('classification')
      .describe(
        'What the model does. tensor: any inputs and outputs, e.g. a detector; accuracy is then declared.',
      ),
    images: z
      .string()
      .optional()
      .describe(
        'Labelled pictures for a classifier: a folder with a folder per class, or a CSV of file,label lines.',
      ),
    accuracy: share().optional().describe('With --task tensor: the accuracy that you measured, 0..1.'),
    measure: z
      .string()
      .optional()
      .describe('With --task tensor: what the accuracy is a measure of, e.g. "mAP 50-95".'),
    shape: z
      .array(z.string())
      .optional()
      .describe(
        'With --task tensor: typical shapes of inputs that the model leaves open, e.g. images=1x3x640x640; comma-separated.',
      ),
    into: z.string('name the folder of the family').describe('Folder of the family: created, or extended.'),
    labels: z
      .array(z.string())
      .optional()
      .describe(
        "Labels in the order of the model's output, or a file with one a line; by default the family's, or the pictures' classes, alphabetically.",
      ),
    name: z.string().optional().describe("Name of the variant; the file's by default."),
    family: z.string().optional().describe("Name of the family; the folder's by default."),
    architecture: z.string().optional().describe("Architecture; the variant's name by default."),
    precision: z.string().optional().describe('fp32, int8 or another; fp32 by default.'),
    macs: z
      .number('expected a number')
      .positive('must be > 0')
      .optional()
      .describe('Multiply-accumulates of one inference.'),
    canary: z
      .string()
      .optional()
      .describe('Answers only this share of the frames of another variant, e.g. 5% or 0.05, until promoted.'),
    of: z
      .string()
      .optional()
      .describe('With --canary: that variant; the one in service by default, where there is one.'),
    layout: z
      .enum(['NCHW', 'NHWC'])
      .optional()
      .describe("Where the channels are, when the model's shape is ambiguous."),
    height: side().describe('Height of the input, px, when the model does not fix it.'),
    width: side().describe('Width of the input, px, when the model does not fix it.'),
    colourOrder: z.enum(['RGB', 'BGR']).optional().describe('Order of the channels.'),
    mean: z
      .array(z.number())
      .optional()
      .describe('Mean, one for all channels or one each, on the byte scale; for float32 inputs.'),
    std: z.array(z.number()).optional().describe('Standard deviation, likewise.'),
    output: z.string().optional().describe('Name of the output, when there are several.'),
    outputKind: z
      .enum(['logits', 'probabilities'])
      .optional()
      .describe(
        'What the output is: logits or probabilities; by default what the graph and the answers say.',
      ),
    outputScale: z
      .array(z.number())
      .min(1, 'expected SCALE or SCALE,ZERO-POINT')
      .max(2, 'expected SCALE or SCALE,ZERO-POINT')
      .refine(([scale]) => scale !== undefined && scale > 0, 'the scale must be > 0')
      .refine(([, zeroPoint = 0]) => Number.isInteger(zeroPoint), 'the zero point must be a whole number')
      .optional()
      .describe(
        'Scale, and after a comma zero point, of an output of whole numbers, when the model does not state them.',
      ),
    runs: whole(1, 1_000_000).default(200).describe('Inferences to measure latency.'),
    samples: z
      .number('expected a number')
      .int('expected a whole number')
      .min(0, 'must be >= 0')
      .default(400)
      .describe('Labelled pictures that the family keeps, of each class its share; up and lab send them.'),
    linkSamples: z.boolean().default(false).describe('Link to those pictures instead of copying them.'),
    followLinks: z
      .boolean()
      .default(false)
      .describe('Take what symbolic links in the folder of pictures lead to.'),
    json: z.boolean().default(false).describe('One JSON document on stdout instead of a line for people.'),
  }),
  positionals: 'model',
  examples: [
    'weir models import mine.onnx --images ./pictures --into ./my-family --mean 127.5 --std 127.5',
    'weir models import big.onnx --images val.csv --labels imagenet.txt --into ./my-family',
    'weir models import det.onnx --task tensor --accuracy 0.372 --measure "mAP 50-95" --shape images=1x3x640x640 --into ./detectors',
    'weir models import mine-v2.onnx --images ./pictures --into ./my-family --canary 5% --of mine',
    'weir up --models ./my-family',
  ],
  async run(config, context) {
    const { model, into, json: _, task, accuracy, measure, shape, canary: share, of, ...others } = config;
    if (of !== undefined && share === undefined)
      throw new ConfigError(name, [{ field: '--of', description: 'goes with --canary, e.g. --canary 5%' }]);
    const canary = share === undefined ? undefined : { share: shareOf(name, '--canary', share), of };
    const classifier = { ...others, canary };
    if (task === 'tensor') {
      const flags = { ...classifier, model, directory: into, accuracy, measure, shape };
      await importTensors(name, flags, context);
    } else await importClassifier({ ...classifier, model, directory: into }, context);
    return Exit.done;
  },
});

interface ClassifierFlags extends Omit<
  ImportOptions,
  'images' | 'keep' | 'outputScale' | 'outputZeroPoint' | 'onProgress' | 'onWait' | 'signal'
> {
  readonly images?: string | undefined;
  readonly outputScale?: readonly number[] | undefined;
  readonly samples: number;
  readonly linkSamples: boolean;
}

async function importClassifier(
  { images, outputScale, samples: most, linkSamples, ...options }: ClassifierFlags,
  { progress, print, out, signal }: Pick<CommandContext, 'progress' | 'print' | 'out' | 'signal'>,
): Promise<void> {
  if (images === undefined)
    throw new ConfigError(name, [{ field: '--images', description: 'name the labelled pictures' }]);
  const imported = await asUsage(name, 'import', () =>
    importModel({
      ...options,
      images,
      outputScale: outputScale?.[0],
      outputZeroPoint: outputScale?.[1],
      keep: { most, mostBytes: limits.imageBytes, link: linkSamples },
      onProgress: throttled(progress, signal),
      onWait: () => progress(`waiting: another import into ${options.directory} is under way`),
      signal,
    }),
  );
  for (const line of linesOf(imported)) print(line);
  out(imported);
}

function linesOf({ variant, manifest, labels, p50Ms, looks, samples, told }: Imported): readonly string[] {
  const { accuracy, output } = variant;
  const some = labels.length > 8 ? [...labels.slice(0, 8), '…'] : labels;
  return [
    ...told,
    `${variant.name}: accuracy ${percent(accuracy.top1)} on ${accuracy.n} pictures, p50 ${ms(p50Ms)}; added to ${manifest}`,
    ...(variant.stage ? [`serves as a ${stageText(variant.stage)}`] : []),
    `answers ${output.kind} of ${labels.length} classes: ${some.join(', ')}`,
    looks
      ? `second looks: ${looks.curves} pairs of variants gain, measured on ${looks.pictures} pictures`
      : `second looks: not measured; it takes another variant in the family and ${LEAST_PICTURES} pictures`,
    `samples: the family keeps ${samples.total} labelled pictures, ${samples.added} of them new`,
  ];
}
