import { Metadata, type ServiceError, status as codes } from '@grpc/grpc-js';
import {
  Aborted,
  AlreadyExists,
  Cancelled,
  DeadlineExceeded,
  FailedPrecondition,
  Internal,
  InvalidInput,
  NotFound,
  PermissionDenied,
  ResourceExhausted,
  Unauthenticated,
  Unavailable,
  type WeirError,
} from '@weir/base';
import { BadRequest, ErrorInfo } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { fromServiceError, fromStatus, toStatus, toTrailers } from './status.ts';

describe('status', () => {
  it.each<[number, WeirError]>([
    [codes.CANCELLED, new Cancelled('stop')],
    [codes.INVALID_ARGUMENT, new InvalidInput([{ field: 'a.b', description: 'must be > 0' }])],
    [codes.DEADLINE_EXCEEDED, new DeadlineExceeded('late')],
    [codes.NOT_FOUND, new NotFound('no such variant', { reason: 'VARIANT_NOT_FOUND' })],
    [codes.ALREADY_EXISTS, new AlreadyExists('twice')],
    [codes.RESOURCE_EXHAUSTED, new ResourceExhausted('queue is full', { reason: 'QUEUE_FULL' })],
    [codes.FAILED_PRECONDITION, new FailedPrecondition('not now')],
    [codes.ABORTED, new Aborted('conflict')],
    [codes.INTERNAL, new Internal('broken')],
    [codes.UNAVAILABLE, new Unavailable('draining', { reason: 'DRAINING' })],
    [codes.UNAUTHENTICATED, new Unauthenticated('who?')],
    [codes.PERMISSION_DENIED, new PermissionDenied('not you', { info: { caller: 'camera-8' } })],
  ])('code %i is there and back the same error', (code, error) => {
    const status = toStatus(error);
    expect(status.code).toBe(code);
    const back = fromStatus(status);
    expect(back).toBeInstanceOf(error.constructor);
    const { message, reason, status: name, info } = error;
    expect(back).toMatchObject({ message, reason, status: name, info });
    if (error instanceof InvalidInput)
      expect((back as InvalidInput).violations).toMatchObject(error.violations);
  });

  it.each([new Error('secret'), 'secret', undefined, { code: 5, message: 'secret' }])(
    'tells nothing of an unknown error',
    (error) => {
      const status = toStatus(error);
      expect(status).toMatchObject({ code: codes.INTERNAL, message: 'internal error' });
      expect(Buffer.concat(status.details.map(({ value }) => value)).toString()).not.toContain('secret');
    },
  );

  it.each([
    [codes.UNKNOWN, Internal, 'UNKNOWN'],
    [codes.PERMISSION_DENIED, PermissionDenied, 'PERMISSION_DENIED'],
    [codes.UNIMPLEMENTED, FailedPrecondition, 'UNIMPLEMENTED'],
    [codes.OUT_OF_RANGE, FailedPrecondition, 'OUT_OF_RANGE'],
    [codes.DATA_LOSS, Internal, 'DATA_LOSS'],
    [99, Internal, 'UNKNOWN'],
  ])('takes code %i of servers that are not ours', (code, type, reason) => {
    const error = fromStatus({ code, message: 'm', details: [] });
    expect(error).toBeInstanceOf(type);
    expect(error.reason).toBe(reason);
  });

  it('keeps a bounded part of what another process says of an error', () => {
    const long = 'x'.repeat(10_000);
    const detail = (name: string, value: Uint8Array) => ({
      typeUrl: `type.googleapis.com/google.rpc.${name}`,
      value: Buffer.from(value),
    });
    const info = ErrorInfo.encode({ reason: long, domain: 'weir', metadata: {} }).finish();
    const error = fromStatus({ code: codes.NOT_FOUND, message: long, details: [detail('ErrorInfo', info)] });
    expect([error.message.length, error.reason.length]).toEqual([1_000, 1_000]);
    const fault = { field: long, description: long, reason: '' };
    const bad = BadRequest.encode({ fieldViolations: Array.from({ length: 1_000 }, () => fault) }).finish();
    const status = { code: codes.INVALID_ARGUMENT, message: '', details: [detail('BadRequest', bad)] };
    const invalid = fromStatus(status) as InvalidInput;
    expect(invalid.violations).toHaveLength(100);
    expect(invalid.violations[0]!.description).toHaveLength(1_000);
  });

  it('falls back to the bare status when the details cannot be read', () => {
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', Buffer.from([0xff, 0xff, 0xff]));
    const error: ServiceError = Object.assign(new Error(), {
      code: codes.NOT_FOUND,
      details: 'gone',
      metadata,
    });
    expect(fromServiceError(error)).toMatchObject({ status: 'NOT_FOUND', message: 'gone' });
  });

  it('says in few words that there is no connection', () => {
    const details = (why: string) => `No connection established. Last error: ${why}. Resolution note: `;
    const told = (why: string) =>
      fromServiceError(
        Object.assign(new Error(), { code: 14, details: details(why), metadata: new Metadata() }),
      );
    expect(told('Error: connect ECONNREFUSED 127.0.0.1:1').message).toBe(
      'no connection: connect ECONNREFUSED 127.0.0.1:1',
    );
    expect(told('self-signed certificate').message).toBe('no connection: self-signed certificate');
  });

  describe('of texts that are too long', () => {
    /** Bytes of the trailers that tell the error: message percent-encoded, details in base64. */
    const sent = (error: WeirError) => {
      const { details, metadata } = toTrailers(error);
      const [encoded] = metadata.get('grpc-status-details-bin') as Buffer[];
      return encodeURI(details).length + encoded!.toString('base64').length;
    };
    const hostile = ['x', 'ü', '模', '\u{1f600}', '\ud800', '%'].map((each) => each.repeat(100_000));

    it.each(hostile.map((text) => [text.slice(0, 2), text] as const))(
      'takes less than 8 kB, and keeps the status, for many of %j',
      (_some, text) => {
        const violations = Array.from({ length: 500 }, () => ({ field: text, description: text }));
        for (const error of [
          new NotFound(`there is no variant ${text}`, { reason: text }),
          new InvalidInput(violations),
          new InvalidInput([{ field: 'a', description: text }]),
        ]) {
          expect(sent(error)).toBeLessThan(8_000);
          const back = fromStatus(toStatus(error));
          expect(back.status).toBe(error.status);
          expect(back.message.length).toBeGreaterThan(20);
        }
      },
    );

    it('says how many faults were left out', () => {
      const violations = Array.from({ length: 300 }, (_, at) => ({ field: `f${at}`, description: 'bad' }));
      const back = fromStatus(toStatus(new InvalidInput(violations))) as InvalidInput;
      const named = back.violations.length - 1;
      expect(back.violations.at(-1)!.description).toBe(`and ${300 - named} more`);
      expect(named).toBeGreaterThan(50);
    });
  });
});
