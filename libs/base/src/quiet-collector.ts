import { setFlagsFromString } from 'node:v8';

/**
 * Lets garbage gather before it is collected, in a process through which large messages pass. Its heap is small and lives
 * long (of a worker, some 20 MB), what it sends or receives is large and dies at once: 1.2 MB of network buffers for a 224 × 224 tensor. V8 takes 64 MB of such buffers, or half
 * the heap again, as the time to mark the whole heap, which costs as much as the model's tenth part and competes with it
 * for a processor. With these settings buffers count as heap, which may grow tenfold before it is marked: a collection in
 * 200 requests instead of one in five, for some 100 MB more of resident memory. Call it before anything is allocated.
 */
export function quietCollector(): void {
  setFlagsFromString('--external-memory-accounted-in-global-limit');
  setFlagsFromString('--heap-growing-percent=900');
}

/**
 * For a process with thousands of streams that wait for seconds between two messages. What waits gets old, and V8 goes on to allocate
 * whatever is made at the same places of the code as old from the beginning. There, what has died keeps all that it names, until
 * the whole heap is marked. Call it before anything is allocated.
 */
export function patientCollector(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
