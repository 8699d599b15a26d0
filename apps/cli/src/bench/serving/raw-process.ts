/** A process that runs models by ONNX Runtime alone, on one thread: the least that serving them can cost. */
import { processorTime } from '@weir/cell';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { RawTurn } from './turn.ts';

const sessions = new Map<string, InferenceSession>();

async function sessionOf(path: string): Promise<InferenceSession> {
  const kept = sessions.get(path);
  if (kept) return kept;
  const session = await InferenceSession.create(path, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  sessions.set(path, session);
  return session;
}

async function measure({ path, side, measureMs }: RawTurn) {
  const session = await sessionOf(path);
  const data = new Float32Array(3 * side * side).fill(0.3);
  const feeds = { [session.inputNames[0]!]: new Tensor('float32', data, [1, 3, side, side]) };
  for (let run = 0; run < 3; run++) await session.run(feeds);
  const [from, before] = [performance.now(), processorTime([process.pid]).all];
  let runs = 0;
  while (performance.now() - from < measureMs) {
    await session.run(feeds);
    runs++;
  }
  const elapsedMs = performance.now() - from;
  return {
    rps: (1_000 * runs) / elapsedMs,
    cpuMsPerRequest: (processorTime([process.pid]).all - before) / runs,
  };
}

process.on('message', (turn: RawTurn) => {
  measure(turn).then(
    (figures) => process.send!({ figures }),
    (error: unknown) => process.send!({ failure: String(error) }),
  );
});
process.on('disconnect', () => process.exit(0));
