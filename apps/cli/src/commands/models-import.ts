import { ConfigError } from '@weir/base';
import { LEAST_PICTURES, importModel } from '@weir/inference';
import { z } from 'zod';
import { asUsage } from '../as-usage.ts';
import { defineCommand } from '../command.ts';
import { throttled } from '../models-table.ts';
import { ms, percent } from '../words.ts';

const name = 'weir models import';
const side = () =>
  z.number('expected a number').int('expected a whole number').min(1, 'must be >= 1').optional();

export default defineCommand({
  name,
  summary: 'Imports your own ONNX classifier as a variant of a family, measured on labelled pictures.',
  schema: z.object({
    model: z.array(z.string(), 'name the ONNX file').describe('The ONNX file.'),
    images: z
      .string('name the labelled pictures')
      .describe('Labelled pictures: a folder with a folder per class, or a CSV of file,label lines.'),
    into: z.string('name the folder of the family').describe('Folder of the family: created, or extended.'),
    labels: z
      .array(z.string())
      .optional()
      .describe(
        "Labels in the order of the model's output; by default the pictures' classes, alphabetically.",
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
    json: z.boolean().default(false).describe('One JSON document on stdout instead of a line for people.'),
  }),
  positionals: 'model',
  examples: [
    'weir models import mine.onnx --images ./pictures --into ./my-family --mean 127.5 --std 127.5',
    'weir up --models ./my-family',
  ],
  async run({ model, into, json: _, ...options }, { progress, print, out }) {
    const [file, ...more] = model;
    if (file === undefined || more.length > 0)
      throw new ConfigError(name, [
        { field: 'MODEL', description: `name one ONNX file, not ${model.length}` },
      ]);
    const imported = await asUsage(name, 'import', () =>
      importModel({ ...options, model: file, directory: into, onProgress: throttled(progress) }),
    );
    const { variant, manifest, p50Ms, looks } = imported;
    print(
      `${variant.name}: accuracy ${percent(variant.accuracy.top1)} on ${variant.accuracy.n} pictures, p50 ${ms(p50Ms)}; added to ${manifest}`,
    );
    print(
      looks
        ? `second looks: ${looks.curves} pairs of variants gain, measured on ${looks.pictures} pictures`
        : `second looks: not measured; it takes another variant in the family and ${LEAST_PICTURES} pictures`,
    );
    out(imported);
  },
});
