import type { ChannelOptions } from '@grpc/grpc-js';

/** Largest message either side sends or takes, bytes; larger ones end their call with RESOURCE_EXHAUSTED. */
export const defaultMaxMessageBytes = 8 * 1024 * 1024;

/**
 * HTTP/2 flow-control windows, bytes. A stream's window must exceed rate × round trip (100 Mbit/s over 100 ms is 1.25 MB)
 * or a large message stops and waits for the peer; it also bounds what a reader that lags makes this process hold. The
 * connection's window is larger than a stream's, so that one stalled stream does not stop the others.
 */
export const streamWindowBytes = 4 * 1024 * 1024;
export const connectionWindowBytes = 16 * 1024 * 1024;

/**
 * Both sides ping an otherwise silent connection after 10 s and drop it 5 s later; the client only while calls are open.
 * A server of another make that is stricter than that (gRPC's default is one ping in 5 min) answers `too_many_pings`;
 * grpc-js servers set no such limit.
 */
const keepalive = { 'grpc.keepalive_time_ms': 10_000, 'grpc.keepalive_timeout_ms': 5_000 } as const;

const messageLimits = (maxMessageBytes: number) => ({
  'grpc.max_receive_message_length': maxMessageBytes,
  'grpc.max_send_message_length': maxMessageBytes,
});

export const serverOptions = (maxMessageBytes: number): ChannelOptions => ({
  ...keepalive,
  ...messageLimits(maxMessageBytes),
  // Of one connection; further calls wait on the client.
  'grpc.max_concurrent_streams': 1_000,
});

export const clientOptions = (maxMessageBytes: number): ChannelOptions => ({
  ...keepalive,
  ...messageLimits(maxMessageBytes),
  'grpc.keepalive_permit_without_calls': 0,
  'grpc-node.flow_control_window': streamWindowBytes,
  // Retrying would hold every message of a long stream until the first answer; callers that reconnect do so themselves.
  'grpc.enable_retries': 0,
  // A peer that returns must be found again within seconds, not after gRPC's default of up to two minutes.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // Each connection is its own TCP connection, so that closing or stalling one leaves the others alone.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_channelz': 0,
});
