import { type ReadText, readNumber } from './read-text.ts';

/** Energy by the processors' counters (RAPL) since the last call, J. */
export type RaplCounter = () => number;

interface Zone {
  readonly path: string;
  /** The counter starts again from 0 after this value, µJ. */
  readonly rangeUj: number;
  lastUj: number;
}

const powercap = '/sys/class/powercap';
const maxPackages = 8;
const maxSubzones = 8;

/**
 * Opens the counters of all processor packages and of their memory; undefined where there are none or they may not be
 * read (since Linux 5.10 only by root). Call it at least once in the time a counter takes to wrap around (about a
 * minute at full power for the narrowest ones): of several wraps, all but one are lost.
 * Source: Linux, Documentation/power/powercap/powercap.rst.
 */
export function openRapl(readText: ReadText): RaplCounter | undefined {
  const zones: Zone[] = [];
  for (let index = 0; index < maxPackages; index++) {
    const zone = `${powercap}/intel-rapl:${index}`;
    // `psys` includes the packages; adding it would count them twice.
    if (!readText(`${zone}/name`)?.startsWith('package')) continue;
    addZone(zones, readText, zone);
    for (let sub = 0; sub < maxSubzones; sub++) {
      const subzone = `${powercap}/intel-rapl:${index}:${sub}`;
      // `core` and `uncore` are parts of the package; memory is not.
      if (readText(`${subzone}/name`)?.trim() === 'dram') addZone(zones, readText, subzone);
    }
  }
  if (zones.length === 0) return undefined;

  return () => {
    let spentUj = 0;
    for (const zone of zones) {
      const nowUj = readNumber(readText, `${zone.path}/energy_uj`);
      if (nowUj === undefined) continue;
      spentUj += nowUj >= zone.lastUj ? nowUj - zone.lastUj : nowUj + zone.rangeUj - zone.lastUj;
      zone.lastUj = nowUj;
    }
    return spentUj / 1e6;
  };
}

function addZone(zones: Zone[], readText: ReadText, path: string): void {
  const lastUj = readNumber(readText, `${path}/energy_uj`);
  const rangeUj = readNumber(readText, `${path}/max_energy_range_uj`);
  if (lastUj !== undefined && rangeUj !== undefined) zones.push({ path, rangeUj, lastUj });
}
