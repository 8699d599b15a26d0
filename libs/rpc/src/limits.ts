import type { ChannelOptions } from '@grpc/grpc-js';

/** Largest message either side sends or receives, bytes; larger ones end their call with RESOURCE_EXHAUSTED. */
export const defaultMaxMessageBytes = 8 * 1024 * 1024;

/**
 * HTTP/2 flow-control windows, bytes. A stream's window must exceed rate × round trip (100 Mbit/s over 100 ms is 1.25 MB)
 * or a large message stalls; it also bounds what a lagging reader makes this process buffer. The
 * connection's window is larger than a stream's, so that one stalled stream does not block the others.
 */
export const streamWindowBytes = 4 * 1024 * 1024;
export const connectionWindowBytes = 16 * 1024 * 1024;

/** Calls of one certificate in progress at a server. */
export const mostCallsPerCaller = 2_048;
/** Connections of one server at once. */
export const mostConnections = 16_384;
/** How long a TLS handshake may take, ms. */
export const handshakeTimeoutMs = 10_000;
/** How long a connection may stay without its first call, ms. */
export const silentConnectionMs = 10_000;

/**
 * Both sides ping an otherwise silent connection after 10 s and drop it 5 s later; the client only while calls are open.
 * Stricter servers of other implementations (gRPC's default allows one ping in 5 min) answer `too_many_pings`;
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
  'grpc.max_connection_idle_ms': 300_000,
  // Per connection; further calls wait on the client.
  'grpc.max_concurrent_streams': 1_000,
  // Books on each connection and message that nobody reads.
  'grpc.enable_channelz': 0,
});

export const clientOptions = (maxMessageBytes: number): ChannelOptions => ({
  ...keepalive,
  ...messageLimits(maxMessageBytes),
  'grpc.keepalive_permit_without_calls': 0,
  'grpc-node.flow_control_window': streamWindowBytes,
  // Retrying would buffer every message of a long stream until the first answer; callers reconnect by themselves.
  'grpc.enable_retries': 0,
  // Find a returning peer within seconds, not after gRPC's default of up to two minutes.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 2_000,
  // A TCP connection each, so that closing or stalling one does not affect the others.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_channelz': 0,
});
