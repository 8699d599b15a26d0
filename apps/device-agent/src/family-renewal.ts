import type { Clock, Logger } from '@weir/base';
import type { Dispatcher } from '@weir/dispatch';
import { watchFamily } from '@weir/inference';
import type { PolicyLink } from './policy/policy-link.ts';
import type { CellView } from './targets/cell-view.ts';
import { knownFamily } from './targets/known-family.ts';
import type { LocalModels } from './targets/local-models.ts';

export interface FamilyRenewalOptions {
  /** As in the configuration. */
  readonly models: string | undefined;
  readonly localModels: Pick<LocalModels, 'prepare'>;
  readonly dispatcher: Pick<Dispatcher, 'setFamily'>;
  readonly view: CellView;
  readonly policy: PolicyLink | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Takes up changes of the device's model family until it is disposed: what comes is loaded, warmed and calibrated before
 * any frame may use it.
 */
export const renewFamily = ({
  models,
  localModels,
  dispatcher,
  view,
  policy,
  clock,
  logger,
}: FamilyRenewalOptions): AsyncDisposable =>
  watchFamily({
    models,
    family: view.known.family,
    async take(family) {
      const use = await localModels.prepare(family);
      const known = knownFamily(family);
      // In one turn: no frame sees half of it.
      use();
      dispatcher.setFamily(known);
      view.familyRenewed(known);
      // A session begins with what a device has.
      policy?.session.renew();
    },
    clock,
    logger,
  });
