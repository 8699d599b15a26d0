export { boundConnections, type ConnectionBounds } from './bounded-connections.ts';
export { type RpcServer, type ServedService, type ServeOptions, serve } from './server.ts';
export { Quota, QuotaExceeded, type QuotaOptions } from './quota.ts';
export { FairSlots, type Slot } from './fair-slots.ts';
export { type CallCaller, isSteering } from './call-caller.ts';
export { type CallContext, childDeadline } from './call-context.ts';
export { bidi, clientStream, type DuplexStream, serverStream, unary } from './handlers.ts';
export { type ClientClass, type Connection, type ConnectOptions, connect } from './connection.ts';
export {
  callUnary,
  type ClientCallOptions,
  type ClientDuplex,
  type ClientUpload,
  openClientStream,
  openDuplex,
  openServerStream,
} from './calls.ts';
export { checkHealth, type ServingStatus } from './health-check.ts';
export { keepOpen, type KeepOpenOptions } from './keep-open.ts';
export { keepReporting, type KeepReportingOptions } from './keep-reporting.ts';
export { fromStatus, toStatus } from './status.ts';
export { extractTraceContext, injectTraceContext, type TraceContextFields } from './trace-context.ts';
export { untilAborted } from './until-aborted.ts';
export { isLoopback, type NodeIdentity, type Security, type TlsFiles } from './transport-security.ts';
export { PeerFaultTeller, type PeerFaultTellerOptions } from './peer-fault-teller.ts';
export { isRefusal, noAnswer, peerFaultOf, type PeerFault, type PeerFaultCause } from './tls/peer-fault.ts';
export { PeerFaults, type StandingFault } from './tls/peer-faults.ts';
export { type OwnCertificate, tellMaterial } from './tls/tell-material.ts';
export { createFollowingServer } from './web/https-server.ts';
export { defaultMaxMessageBytes } from './limits.ts';
export { callerBehind } from './rights/caller.ts';
export { type Identity, type Role, identityOf, identityText, NoIdentity, roles } from './rights/identity.ts';
export { type Reach, reaches, type Rights, tableOfRights } from './rights/table.ts';
export { type Subject, type SubjectSource, subjects } from './rights/subjects.ts';
