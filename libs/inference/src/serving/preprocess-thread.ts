/** The entry of a worker thread that prepares pictures for models that run elsewhere. */
import { InvalidInput } from '@weir/base/errors';
import { parentPort } from 'node:worker_threads';
import { decodeInto } from './image.ts';
import type { PreprocessAnswer, PreprocessRequest } from './preprocessor.ts';
import { inputBytes } from './session-protocol.ts';

parentPort!.on('message', (request: PreprocessRequest) => void prepare(request));

async function prepare({ id, image, input }: PreprocessRequest): Promise<void> {
  const start = performance.now();
  const buffer = new ArrayBuffer(inputBytes(input));
  try {
    await decodeInto(
      image,
      input,
      input.dtype === 'uint8' ? new Uint8Array(buffer) : new Float32Array(buffer),
    );
    say({ id, kind: 'prepared', tensor: buffer, decodeMs: performance.now() - start }, [buffer]);
  } catch (error) {
    if (error instanceof InvalidInput) say({ id, kind: 'invalid', violations: error.violations });
    else say({ id, kind: 'failed', message: (error as Error).message });
  }
}

function say(answer: PreprocessAnswer, transferred: ArrayBuffer[] = []): void {
  parentPort!.postMessage(answer, transferred);
}
