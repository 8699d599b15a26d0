import { hops } from '@weir/domain';
import { type Clock, type Logger, systemClock } from '@weir/base';
import { reasonName, tierName } from '@weir/wire';
import type { RunningCell } from './cell.ts';
import type { FrameFailure, FrameRecord, FromConsole, ToConsole } from './console-messages.ts';
import { emulationOf } from './emulation.ts';
import { consoleProgram } from './programs.ts';
import { SupervisedProcess } from './supervised-process.ts';
import type { Answer } from './tally.ts';

export interface StartConsoleOptions {
  /** `HOST:PORT` of the page; port 0 takes any free one. @default 127.0.0.1:0 */
  readonly listen?: string | undefined;
  readonly logger: Logger;
  readonly signal?: AbortSignal | undefined;
  readonly clock?: Clock;
}

/** The console of a living cell: a process of its own that hears of each frame and may change what is emulated. */
export interface CellConsole extends AsyncDisposable {
  readonly url: string;
  answered(deviceId: string, answer: Answer): void;
  failed(deviceId: string, why: string): void;
}

/** Frames are sent in batches: this often, ms, and at most this many, the newest. */
const batch = { periodMs: 250, most: 1_000 };

/** Resolves when the page is served. Disposing ends it. */
export async function startConsole(cell: RunningCell, options: StartConsoleOptions): Promise<CellConsole> {
  const { logger, signal, clock = systemClock } = options;
  const emulation = emulationOf(cell);
  await using starting = new AsyncDisposableStack();
  const program = consoleProgram(options.listen, {
    cellId: cell.description.cellId,
    policy: cell.policyAddress,
    telemetry: cell.telemetryAddress,
    agents: cell.devices.map(({ address }) => address),
  });
  const page = await SupervisedProcess.start(program, {
    clock,
    logger,
    logDir: cell.logDir,
    onEvent: () => {},
    // Node still calls stripping the page's types experimental.
    execArgv: ['--disable-warning=ExperimentalWarning'],
    onMessage: (message) => void obey(message as FromConsole),
    signal,
  });
  starting.use(page);
  const tell = (message: ToConsole, keep = false) => page.tell(message, { keep });
  const tellCell = () => tell({ kind: 'cell', emulation: emulation.state() }, true);
  tellCell();

  async function obey({ kind, id, change }: FromConsole): Promise<void> {
    if (kind !== 'change') return;
    try {
      await emulation.change(change);
      tellCell();
      tell({ kind: 'done', id });
    } catch (error) {
      tell({ kind: 'done', id, error: (error as Error).message });
    }
  }

  starting.defer(cell.onEvent((event) => tell({ kind: 'process', event })));
  let [answered, failed]: [FrameRecord[], FrameFailure[]] = [[], []];
  const cancel = clock.every(batch.periodMs, () => {
    if (answered.length + failed.length === 0) return;
    tell({
      kind: 'frames',
      at: clock.now(),
      answered: answered.slice(-batch.most),
      failed: failed.slice(-batch.most),
    });
    [answered, failed] = [[], []];
  });
  starting.defer(cancel);
  const running = starting.move();
  return {
    url: `http://${page.address}/`,
    answered: (deviceId, answer) => void answered.push(recordOf(deviceId, answer, clock.now())),
    failed: (deviceId, why) => void failed.push({ deviceId, at: clock.now(), why }),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
}

function recordOf(deviceId: string, { response, correct }: Answer, at: number): FrameRecord {
  const { placement, decision, hops: times, classification } = response;
  return {
    deviceId,
    at,
    tier: tierName(placement?.tier),
    nodeId: placement?.nodeId ?? '',
    variant: placement?.variant ?? '',
    reason: reasonName(decision?.reason),
    predictedMs: decision?.predictedMs ?? 0,
    responseMs: response.responseMs,
    hopsMs: hops.map(({ key }) => times?.[key] ?? 0),
    expectedAccuracy: response.expectedAccuracy,
    energyJ: response.energyJ,
    lookedAgain: response.looks.filter(({ failure }) => failure === '').length > 1,
    correct,
    label: classification?.label ?? '',
    confidence: classification?.confidence ?? 0,
    failedAttempts: decision?.failedAttempts ?? [],
  };
}
