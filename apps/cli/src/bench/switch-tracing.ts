import { ProxyTracerProvider, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { readFileSync, rmSync, watch } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import { isMainThread } from 'node:worker_threads';
import { assign, type Variables } from './variables.ts';

/*
 * Loaded into the processes of a cell (`node --import`): tracing that can be switched while they run, so that what it
 * costs is seen in one and the same process. Two processes of the same program differ by more than is looked for. The
 * wanted way is written into a file of the process's id; the file is gone once it is in force.
 */

/** `none`: the calls are cut out. `off`: as shipped. `sampled`: by the SDK, which is loaded when that is first wanted. */
export type TracingWay = 'none' | 'off' | 'sampled';
/** Folder of those files. Not WEIR_…, which a cell keeps from its processes. */
export const switchFolder = 'BENCH_TRACING_FOLDER';
/** With what environment the SDK is loaded: JSON, null for what is not there. */
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
    // Not before the hooks are there.
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
    // More than one event may tell of one wish.
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

/** What is in force, and what the stand-in of the spans does when that has changed. */
interface State {
  way: TracingWay;
  turned?: () => void;
}

/** What stands in the place of these files: the same, and a way around it. */
const cutOut: Readonly<Record<string, (url: string) => string>> = {
  '/libs/telemetry/src/spans.ts': (url) => `
    import * as traced from '${url}?traced';
    export * from '${url}?traced';
    const { state, ROOT_CONTEXT } = globalThis[Symbol.for('weir.bench.tracing')];
    const nothing = { context: ROOT_CONTEXT, attemptFailed() {}, answered() {}, failed() {} };
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
