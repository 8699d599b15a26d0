import { agent, common } from '@weir/proto';
import { describe, expect, it } from 'vitest';
import { asPlanned } from './epochs.ts';
import type { PlacedDevice } from './results.ts';

const { DEVICE, EDGE } = common.Tier;
const first = { placement: { tier: DEVICE, nodeId: 'a', variant: 'small' } };
const second = { placement: { tier: EDGE, nodeId: 'edge-1', variant: 'large' } };
const unsure = { ...first, classification: { label: 'cat', margin: 0.1 } };
const sure = { ...first, classification: { label: 'cat', margin: 0.8 } };
const answered = { ...second, classification: { label: 'dog', margin: 0.9 } };
const ran = (...looks: object[]) => agent.InferResponse.fromPartial({ ...looks.at(-1), looks });

const once: PlacedDevice = { deviceId: 'a', tier: 'device', nodeId: 'a', variant: 'small' };
const twice: PlacedDevice = {
  ...once,
  secondLook: { tier: 'edge', nodeId: 'edge-1', variant: 'large', marginBelow: 0.3 },
};

describe('a frame of an epoch', () => {
  it.each([
    ['one look where one was planned', ran(unsure), once],
    ['one look that nobody tells of', agent.InferResponse.fromPartial(sure), once],
    ['one look that was sure enough', ran(sure), twice],
    ['two looks where the first was unsure', ran(unsure, answered), twice],
  ])('ran as planned: %s', (_, response, planned) => {
    expect(asPlanned(response, planned)).toBe(true);
  });

  it.each([
    ['elsewhere', ran({ ...unsure, placement: second.placement }), once],
    ['twice where once was planned', ran(unsure, answered), once],
    ['twice although the first was sure', ran(sure, answered), twice],
    ['once although the first was unsure', ran(unsure), twice],
    ['the second elsewhere', ran(unsure, { ...answered, placement: first.placement }), twice],
    ['the second without success', ran(unsure, { ...second, failure: 'UNAVAILABLE' }), twice],
    ['the second after a failure', ran(unsure, { ...second, failure: 'UNAVAILABLE' }, answered), twice],
  ])('did not run as planned: %s', (_, response, planned) => {
    expect(asPlanned(response, planned)).toBe(false);
  });
});
