import type { Preprocessor } from '@weir/inference';
import { connect } from '@weir/rpc';
import type { OipServing, TargetAddress } from '@weir/wire';
import { calibrationPicture } from '../local-models.ts';
import type { WorkerLinkOptions } from '../worker-link.ts';
import { securityOf } from '../../security.ts';
import { fitOfSurvey } from './survey-fit.ts';
import { oipServer } from './oip-server.ts';
import { OipTarget } from './oip-target.ts';
import { mapModels } from './served-model.ts';

export interface OipLinkOptions extends Omit<WorkerLinkOptions, 'random'> {
  readonly preprocessor: Preprocessor;
}

/**
 * Connects a server of the Open Inference Protocol and adds it to the device's view of the cell. Throws InvalidInput (field
 * `targets`) for variants that the device's family lacks.
 */
export function linkOipServer(
  { nodeId, tier, address }: TargetAddress,
  serving: OipServing,
  options: OipLinkOptions,
): AsyncDisposable {
  const { config, view, preprocessor, clock, logger, metrics, faults, onChange } = options;
  mapModels(nodeId, serving, view.known);
  const connection = connect(address, securityOf(config));
  let reachable = false;
  const target = new OipTarget({
    nodeId,
    tier,
    server: oipServer(connection),
    models: () => mapModels(nodeId, serving, view.known, { lenient: true }),
    picture: calibrationPicture,
    slots: serving.slots,
    preprocessor,
    clock,
    logger,
    maxInFlight: config.maxInFlight,
    radioJPerMs: config.radioWatts / 1000,
    onFault: faults.of(nodeId),
    onOpening: () => metrics.opening('worker', nodeId),
    onSurvey(survey) {
      view.compared(nodeId, fitOfSurvey(nodeId, survey));
      onChange();
    },
    onLoad: (load) => view.loadReported(load),
    onReachable(now) {
      view.reachable(nodeId, now);
      if (now === reachable) return;
      reachable = now;
      onChange();
    },
  });
  view.add(target);
  return {
    async [Symbol.asyncDispose]() {
      await target[Symbol.asyncDispose]();
      await connection[Symbol.asyncDispose]();
    },
  };
}
