import { ConfigError, HelpRequested, loadConfig, WeirError } from '@weir/base';
import { readCellDescription } from '@weir/cell';
import { configSpec as agentSpec } from '@weir/device-agent';
import { type Classifier, createPreprocessor, importModel, loadFamily } from '@weir/inference';
import { configSpec as workerSpec } from '@weir/inference-worker';
import { parseTrace, readScenario } from '@weir/lab';
import { configSpec as policySpec } from '@weir/policy-service';
import { extractTraceContext, injectTraceContext } from '@weir/rpc';
import { configSpec as telemetrySpec } from '@weir/telemetry-service';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/*
 * Reads the files that its parent sends, each as the program does whose file it is, and says what became of it. A process of
 * its own: a file that ends it, or holds it up, is found by that.
 */

export interface AskedFile {
  readonly kind: string;
  /** Base64. */
  readonly content: string;
}

/** `taken`; `refused`, with a message to the user; or the stack of an error that nobody foresaw. */
export interface FileVerdict {
  readonly verdict: 'taken' | 'refused' | 'fault';
  readonly text: string;
}

const folder = mkdtempSync(join(tmpdir(), 'weir-fuzz-files-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
process.on('disconnect', () => process.exit());

/** Writes it, and returns the path. */
function written(name: string, content: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

const specs = [agentSpec, workerSpec, policySpec, telemetrySpec];
const quiet = { warn: () => {} };
/** As each program reads it: what one refuses, another may take. */
function anyProgram(argv: readonly string[], env: Record<string, string>): void {
  const refusals: Error[] = [];
  for (const spec of specs)
    try {
      loadConfig(spec as typeof agentSpec, { argv, env, ...quiet });
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refusals.push(error);
    }
  if (refusals.length === specs.length) throw refusals[0]!;
}

const preprocessor = createPreprocessor();
const { directory, variants } = await loadFamily();
for (const { file } of variants) symlinkSync(join(directory, file), join(folder, file));
const { input } = variants[0] as Classifier;
const pictures = join(folder, 'pictures');
const sample = fileURLToPath(new URL('../../libs/inference/models/samples/', import.meta.url));
mkdirSync(pictures);
writeFileSync(
  join(folder, 'pictures.csv'),
  `file,label\n${sample}scene-0000.png,red\n${sample}scene-0001.png,blue\n`,
);

const read: Readonly<Record<string, (content: Buffer) => unknown>> = {
  cell: (content) => readCellDescription(written('cell.yaml', content)),
  scenario: (content) => readScenario(written('scenario.yaml', content)),
  'link-trace': (content) => parseTrace(content.toString()),
  configuration: (content) => anyProgram(['--config', written('config.yaml', content)], {}),
  flags(content) {
    const lines = content.toString().split('\n');
    const isVariable = (line: string) => line.startsWith('WEIR_') && line.includes('=');
    const argv = lines.filter((line) => !isVariable(line));
    const variables = lines
      .filter(isVariable)
      .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
    anyProgram(argv, Object.fromEntries(variables) as Record<string, string>);
  },
  'trace-context'(content) {
    const [traceparent = '', ...rest] = content.toString().split('\n');
    injectTraceContext(extractTraceContext({ traceparent, tracestate: rest.join('\n') }));
  },
  picture: (content) => preprocessor.prepare(content, input),
  manifest(content) {
    written('manifest.json', content);
    return loadFamily(folder);
  },
  async model(content) {
    const directory = mkdtempSync(join(folder, 'family-'));
    try {
      await importModel({
        model: written('model.onnx', content),
        images: join(folder, 'pictures.csv'),
        labels: ['red', 'green', 'blue'],
        directory,
        mean: [127.5],
        std: [127.5],
        keep: { most: 2, mostBytes: 1_000_000 },
      });
    } finally {
      rmSync(directory, { recursive: true });
    }
  },
};

const isRefusal = (error: unknown): error is Error =>
  (error instanceof WeirError && error.status !== 'INTERNAL') ||
  error instanceof ConfigError ||
  error instanceof HelpRequested;

async function verdictOn({ kind, content }: AskedFile): Promise<FileVerdict> {
  try {
    await read[kind]!(Buffer.from(content, 'base64'));
    return { verdict: 'taken', text: '' };
  } catch (error) {
    if (isRefusal(error)) return { verdict: 'refused', text: error.message.slice(0, 500) };
    return { verdict: 'fault', text: (error instanceof Error && error.stack) || String(error) };
  }
}

process.on('message', (asked: AskedFile) => {
  void verdictOn(asked).then((verdict) => process.send!(verdict));
});
process.send!({ verdict: 'taken', text: 'ready' } satisfies FileVerdict);
