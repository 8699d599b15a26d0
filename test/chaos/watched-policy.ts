import { policy } from '@weir/proto';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { outcomeFingerprint } from './fingerprint.ts';
import { GrpcMessages } from '../support/grpc-messages.ts';
import type { WireEvent } from './history.ts';

/** An address that leads to PolicyService and whose bytes are read on the way, unchanged. */
export interface WatchedPolicy extends AsyncDisposable {
  readonly address: string;
}

interface Session {
  readonly deviceId: string;
  readonly instance: string;
}

/** What an event says beyond who and when. */
type Said = WireEvent extends infer Event
  ? Event extends WireEvent
    ? Omit<Event, 'at' | keyof Session>
    : never
  : never;

/** Stands next to the service: what it said is seen even where the agent is never reached. */
export async function watchPolicy(
  target: string,
  onEvent: (event: WireEvent) => void,
): Promise<WatchedPolicy> {
  const [host, port] = target.split(':') as [string, string];
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ host, port: Number(port), noDelay: true });
    const { up, down } = readers(onEvent);
    join(near, far, up);
    join(far, near, down);
  });
  const join = (from: Socket, to: Socket, reader: GrpcMessages) => {
    sockets.add(from);
    from.on('data', (bytes: Buffer) => {
      reader.push(bytes);
      to.write(bytes);
    });
    from.on('error', () => {});
    from.on('close', () => {
      sockets.delete(from);
      // What came before is still written.
      to.destroySoon();
    });
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      const closed = once(server, 'close');
      server.close();
      await closed;
    },
  };
}

/** An agent's state comes by itself, or with outcomes. */
function stateIn(message: policy.OrchestrateRequest['message']): policy.AgentState | undefined {
  if (message?.$case === 'state') return message.value;
  return message?.$case === 'outcomes' ? message.value.state : undefined;
}

/** Of one connection. */
export function readers(onEvent: (event: WireEvent) => void): { up: GrpcMessages; down: GrpcMessages } {
  const sessions = new Map<number, Session>();
  const tell = (session: Session, said: Said) => onEvent({ at: performance.now(), ...session, ...said });
  const up = new GrpcMessages(true, (stream, bytes) => {
    const { message } = policy.OrchestrateRequest.decode(bytes);
    if (message?.$case === 'hello') {
      const { deviceId, agentInstanceId } = message.value;
      sessions.set(stream, { deviceId, instance: agentInstanceId });
    }
    const session = sessions.get(stream);
    if (!session) return;
    if (message?.$case === 'outcomes')
      for (const outcome of message.value.outcomes) {
        const told = { ...outcome, hops: outcome.hops! };
        tell(session, {
          kind: 'sent',
          sequence: Number(outcome.sequence),
          outcome: outcomeFingerprint(session.deviceId, told),
        });
      }
    const { balance } = stateIn(message) ?? {};
    if (balance) tell(session, { kind: 'gave', account: balance.ledgerId, total: balance.debitedTotal });
  });
  const down = new GrpcMessages(false, (stream, bytes) => {
    const session = sessions.get(stream);
    if (!session) return;
    const { message } = policy.OrchestrateResponse.decode(bytes);
    if (message?.$case === 'ack') {
      for (const { sequence, faults } of message.value.refused)
        tell(session, { kind: 'refused', sequence: Number(sequence), why: faults.join('; ') });
      tell(session, { kind: 'acknowledged', through: Number(message.value.throughSequence) });
    }
    if (message?.$case === 'directive' && message.value.ledger)
      tell(session, {
        kind: 'granted',
        account: message.value.ledger.ledgerId,
        total: message.value.ledger.creditTotal,
      });
  });
  return { up, down };
}
