import { seededRandom } from '@weir/base';
import { exampleCell } from '@weir/cell';
import { configSpec as agentSpec } from '@weir/device-agent';
import { configSpec as workerSpec } from '@weir/inference-worker';
import { formatTrace, generateTrace } from '@weir/lab';
import { configSpec as policySpec } from '@weir/policy-service';
import { configSpec as telemetrySpec } from '@weir/telemetry-service';
import fc from 'fast-check';
import { readdirSync, readFileSync } from 'node:fs';
import { parse, stringify } from 'yaml';
import { blotted, variedDocument } from './documents.ts';
import { damaged, flipped } from './messages.ts';

const file = (path: string) => readFileSync(new URL(`../../libs/${path}`, import.meta.url));
const bytes = (text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array> =>
  text.map((whole) => Buffer.from(whole));

/** Documents like these, most of them still documents. */
const documents = (
  bases: readonly unknown[],
  write: (document: unknown) => string | undefined = stringify,
): fc.Arbitrary<Uint8Array> => {
  const varied = fc.oneof(...bases.map(variedDocument)).map((document) => write(document) ?? '');
  return bytes(fc.oneof({ weight: 3, arbitrary: varied }, { weight: 1, arbitrary: blotted(varied) }));
};

const scenarios = () =>
  readdirSync(new URL('../../libs/lab/experiments', import.meta.url))
    .filter((name) => name.endsWith('.yaml'))
    .map((name): unknown => parse(file(`lab/experiments/${name}`).toString()));

const specs = [agentSpec, workerSpec, policySpec, telemetrySpec];
/** As each program starts without any. */
const configurations = specs.map(({ schema }): unknown => JSON.parse(JSON.stringify(schema.parse({}))));

const flagNames = specs.flatMap(({ schema }) =>
  Object.keys(schema.shape).map((key) => key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)),
);
const anyText = fc.oneof(
  fc.constantFrom(
    '',
    '0',
    '-1',
    'NaN',
    '1e400',
    '110%',
    'true',
    ',',
    '127.0.0.1:0',
    '[::1]:70000',
    'edge-1=edge@[:1',
    'none',
    'a=edge@b:1;protocol=oip;models=:',
  ),
  fc.double().map(String),
  fc.string({ unit: 'binary', maxLength: 30 }),
);
/** A line each: flags as a program gets them, and variables as NAME=VALUE. */
const commandLine: fc.Arbitrary<Uint8Array> = bytes(
  fc
    .array(
      fc
        .tuple(fc.constantFrom(...flagNames, 'unknown', 'no-reflection', 'config'), anyText, fc.nat(3))
        .map(
          ([name, value, how]) =>
            [
              `--${name}=${value}`,
              `--${name}`,
              value,
              `WEIR_${name.replaceAll('-', '_').toUpperCase()}=${value}`,
            ][how]!,
        ),
      { maxLength: 8 },
    )
    .map((lines) => lines.map((line) => line.replaceAll('\n', ' ')).join('\n')),
);

const traceparent = fc.oneof(
  fc.constantFrom(
    '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    'cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-ff-more',
  ),
  fc
    .tuple(
      fc.nat(255),
      fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.nat(255),
    )
    .map(([version, id, span, flags]) =>
      [
        version.toString(16).padStart(2, '0'),
        id.toString(16).padStart(32, '0'),
        span.toString(16).padStart(16, '0'),
        flags.toString(16).padStart(2, '0'),
      ].join('-'),
    ),
);
const tracestate = fc
  .array(fc.tuple(fc.string({ maxLength: 12 }), fc.string({ unit: 'binary', maxLength: 20 })), {
    maxLength: 60,
  })
  .map((members) => members.map((pair) => pair.join('=')).join(','));
const headers = fc.tuple(
  fc.oneof(traceparent, blotted(traceparent)),
  fc.oneof(tracestate, blotted(tracestate)),
);

export interface FileKind {
  readonly name: string;
  readonly files: fc.Arbitrary<Uint8Array>;
  /** Its share of the files. */
  readonly weight: number;
}

/** Every kind of file that Weir reads. `pictures`: good ones. */
export function fileKinds(pictures: readonly Uint8Array[]): readonly FileKind[] {
  const random = seededRandom(1);
  const shape = { seconds: 30, stepS: 1, rateMbps: 20, delayMs: 10, variation: 0.5, memory: 0.9 };
  const linkTrace = formatTrace(generateTrace({ ...shape, random }));
  const models = ['colours-nhwc-uint8', 'colours-nchw-normalised', 'quantised-softmax', 'external-data'].map(
    (name) => file(`inference/fixtures/${name}.onnx`),
  );
  const model = fc.constantFrom<Uint8Array>(...models);
  return [
    { name: 'picture', files: damaged(fc.constantFrom(...pictures)), weight: 6 },
    { name: 'model', files: fc.oneof({ weight: 4, arbitrary: flipped(model) }, damaged(model)), weight: 1 },
    {
      name: 'manifest',
      files: documents([parse(file('inference/models/manifest.json').toString())], JSON.stringify),
      weight: 2,
    },
    { name: 'cell', files: documents([exampleCell()]), weight: 6 },
    { name: 'scenario', files: documents(scenarios()), weight: 6 },
    { name: 'link-trace', files: bytes(blotted(fc.constant(linkTrace))), weight: 6 },
    { name: 'configuration', files: documents(configurations), weight: 6 },
    { name: 'flags', files: commandLine, weight: 6 },
    { name: 'trace-context', files: bytes(headers.map((both) => both.join('\n'))), weight: 6 },
  ];
}
