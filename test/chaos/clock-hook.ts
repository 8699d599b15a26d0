import { readFileSync } from 'node:fs';

/**
 * Loaded into a process of the cell before all else: its wall clock is that of the machine plus what a file says, ms. A running
 * process sees the clock jump; one that starts finds it wrong. Its monotonic clock goes on, as the machine's does.
 */
const lookMs = 100;
const folder = process.env.CHAOS_CLOCKS;
const own = process.argv.join(' ').match(/--(?:device|node)-id (\S+)/)?.[1];
const service = process.argv[1]?.match(/(policy|telemetry)[^/]*\/src\/main/)?.[1];
// Threads of a process have its variables, and no arguments.
process.env.CHAOS_CLOCK ??= `${folder}/${own ?? service}`;

let offsetMs = 0;
const look = () => {
  try {
    offsetMs = Number(readFileSync(process.env.CHAOS_CLOCK!, 'utf8'));
  } catch {
    offsetMs = 0;
  }
};
look();
setInterval(look, lookMs).unref();

const machineNow = Date.now.bind(Date);
const now = () => machineNow() + offsetMs;
globalThis.Date = new Proxy(Date, {
  construct: (target, given: unknown[], newTarget) =>
    Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as Date,
  apply: () => new Date(now()).toString(),
  get: (target, name, receiver) => (name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown)),
});
const timeOrigin = performance.timeOrigin + offsetMs;
Object.defineProperty(performance, 'timeOrigin', { get: () => timeOrigin });
