import { policy } from '@weir/proto';
import { expect, it } from 'vitest';
import { data, grpcMessage, http2Frame, preface } from '../support/grpc-bytes.fixture.ts';
import type { WireEvent } from './history.ts';
import { readers } from './watched-policy.ts';

type Said = policy.OrchestrateRequest['message'];

function seen(...messages: readonly Said[]): WireEvent[] {
  const events: WireEvent[] = [];
  const { up } = readers((event) => events.push(event));
  up.push(preface);
  for (const message of messages)
    up.push(http2Frame(data, 1, grpcMessage(policy.OrchestrateRequest.encode({ message }).finish())));
  return events;
}

const hello: Said = {
  $case: 'hello',
  value: policy.Hello.fromPartial({ deviceId: 'device-1', agentInstanceId: 'run-1' }),
};
const state = policy.AgentState.fromPartial({ balance: { ledgerId: 'ledger/1', debitedTotal: 0.25 } });
const gave = { kind: 'gave', deviceId: 'device-1', instance: 'run-1', account: 'ledger/1', total: 0.25 };

it('sees what an agent gave, whether it says so by itself or with its outcomes', () => {
  expect(seen(hello, { $case: 'state', value: state })).toMatchObject([gave]);
  const outcomes = policy.OutcomeBatch.fromPartial({ outcomes: [], state });
  expect(seen(hello, { $case: 'outcomes', value: outcomes })).toMatchObject([gave]);
});
