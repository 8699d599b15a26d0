import { ProxyTracerProvider, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { readFileSync, rmSync, watch } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { assign, type Variables } from './variables.ts';

/*
 * Loaded into the processes of a cell (`node --import`): makes tracing switchable at run time, so that its cost
 * shows within one process; two processes of the same program differ by more than the effect. The
 * wanted mode is written to a file named after the process id, which disappears once the mode is in force.
 */

/** `none`: calls cut out. `off`: as shipped. `sampled`: by the SDK, loaded when first needed. */
export type TracingWay = 'none' | 'off' | 'sampled';
/** Folder of those files. Not WEIR_…, which a cell hides from its processes. */
export const switchFolder = 'BENCH_TRACING_FOLDER';
/** Environment for loading the SDK: JSON, null for unset variables. */
export const switchVariables = 'BENCH_TRACING_VARIABLES';

const folder = process.env[switchFolder];
if (folder && isMainThread) {
  const state: State = { way: 'off' };
  Object.assign(globalThis, { [Symbol.for('weir.bench.tracing')]: { state, ROOT_CONTEXT } });
  registerHooks({
    load(url, context, next) {
      const cut = Object.entries(cutOut).find(([file]) => url.endsWith(file));
      return cut ? { format: 'module', source: cut[1](url), shortCircuit: true } : next(url, context);
    },
  });

  const file = join(folder, String(process.pid));
  let turning = false;
  let loaded: Promise<void> | undefined;
  const load = async () => {
    assign(Object.entries(JSON.parse(process.env[switchVariables]!) as Variables));
    // Only after the hooks are installed.
    const { startTracing } = await import('@weir/telemetry');
    await startTracing({ service: 'bench' });
  };
  const turn = async (way: TracingWay) => {
    const registered = trace.getTracerProvider();
    const provider: unknown =
      registered instanceof ProxyTracerProvider ? registered.getDelegate() : registered;
    await (provider as { forceFlush?(): Promise<void> }).forceFlush?.();
    if (way === 'sampled') await (loaded ??= load());
    state.way = way;
    state.turned?.();
  };
  watch(folder, (_, changed) => {
    // Several events may report one change.
    if (changed !== String(process.pid) || turning) return;
    let way;
    try {
      way = readFileSync(file, 'utf8') as TracingWay;
    } catch {
      return;
    }
    if (!way) return;
    turning = true;
    void turn(way).finally(() => {
      turning = false;
      rmSync(file, { force: true });
    });
  }).unref();
}

/** The mode in force, and what the stand-in of the spans does when it changes. */
interface State {
  way: TracingWay;
  turned?: () => void;
}

/** Replacements of these files: the original, and a bypass. */
const cutOut: Readonly<Record<string, (url: string) => string>> = {
  '/libs/telemetry/src/spans.ts': (url) => `
    import * as traced from '${url}?traced';
    export * from '${url}?traced';
    const { state, ROOT_CONTEXT } = globalThis[Symbol.for('weir.bench.tracing')];
    const nothing = { context: ROOT_CONTEXT, attemptFailed() {}, look: () => nothing, answered() {}, failed() {} };
    let recorder;
    state.turned = () => traced.recordWith(state.way === 'sampled' ? recorder : undefined);
    export const recordWith = (given) => {
      recorder = given;
      state.turned();
    };
    export const startInference = (given) => state.way === 'none' ? nothing : traced.startInference(given);
    export const recordWorkerHops = (given) => {
      if (state.way !== 'none') traced.recordWorkerHops(given);
    };`,
  '/libs/rpc/src/trace-context.ts': (url) => `
    import * as traced from '${url}?traced';
    const { state, ROOT_CONTEXT } = globalThis[Symbol.for('weir.bench.tracing')];
    const nothing = { traceparent: '', tracestate: '' };
    export const injectTraceContext = (given) =>
      state.way === 'none' ? nothing : traced.injectTraceContext(given);
    export const extractTraceContext = (given) =>
      state.way === 'none' ? ROOT_CONTEXT : traced.extractTraceContext(given);`,
};
