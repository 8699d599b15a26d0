/** Times of one look, ms; of the contract and of the journal. */
interface Hops {
  readonly uplinkMs: number;
  readonly queueMs: number;
  readonly decodeMs: number;
  readonly computeMs: number;
  readonly downlinkMs: number;
}

/** What an outcome says, in the contract and in the journal. */
interface Told {
  readonly hops: Hops;
  readonly responseMs: number;
  readonly predictedMs: number;
  /** Empty or absent: none. */
  readonly failure?: string | undefined;
}

/** Tells one look of a device from its others: its times, in fractions of a microsecond. */
export const lookFingerprint = (deviceId: string, hops: Hops): string =>
  [deviceId, hops.uplinkMs, hops.queueMs, hops.decodeMs, hops.computeMs, hops.downlinkMs].join(' ');

/** Tells one outcome of a device from its others. */
export const outcomeFingerprint = (
  deviceId: string,
  { hops, responseMs, predictedMs, failure = '' }: Told,
): string => [lookFingerprint(deviceId, hops), responseMs, predictedMs, failure].join(' ');
