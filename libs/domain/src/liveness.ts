/** Whether a node still reports. */
export type Liveness = 'live' | 'stale' | 'gone';
