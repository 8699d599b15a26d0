import { DeadlineExceeded, Unavailable, WeirError } from '@weir/base';
import { interfaceOf, type VariantEntry } from '@weir/inference';
import { fitInterface } from '@weir/oip';
import type { inference } from '@weir/proto';
import type { OipCall, OipServer } from './oip-server.ts';
import type { MappedModel, ServedModel } from './served-model.ts';

/** What a server was found to serve. */
export interface Survey {
  /** By variant. */
  readonly served: ReadonlyMap<string, ServedModel>;
  /** Why others are not, by variant. */
  readonly misfits: ReadonlyMap<string, string>;
}

export interface SurveyOptions {
  readonly server: OipServer;
  /** Served before, and beyond doubt: these are tried only where the server tells something else of them. */
  readonly known: ReadonlyMap<string, ServedModel>;
  /** Bounds one question. Rejects as it does, and with DeadlineExceeded. */
  readonly ask: <T>(question: (call: OipCall) => Promise<T>) => Promise<T>;
  /** Runs a model once; rejects with a WeirError where it does not answer as its variant. */
  readonly tryOut: (model: ServedModel) => Promise<void>;
}

/** Asks a server about its models, and tries them one after the other. Rejects with what cut the connection. */
export async function surveyModels(models: readonly MappedModel[], options: SurveyOptions): Promise<Survey> {
  const { known, tryOut, server } = options;
  const served = new Map<string, ServedModel>();
  const misfits = new Map<string, string>();
  const found = await Promise.all(models.map((mapped) => examine(mapped, options)));
  const [first] = found;
  // The server itself is not ready yet.
  if (first && 'unavailable' in first && found.every((one) => 'unavailable' in one))
    throw new Unavailable(first.misfit);
  let hung = '';
  for (const [at, mapped] of models.entries()) {
    const { name } = mapped.variant;
    const model = found[at]!;
    if ('absent' in model) continue;
    if ('misfit' in model) {
      misfits.set(name, `its model ${called(mapped)} ${model.misfit}`);
      continue;
    }
    if (isSame(known.get(name), model)) {
      served.set(name, known.get(name)!);
      continue;
    }
    if (hung) {
      misfits.set(name, `its model ${called(mapped)} was not tried, as ${hung} gave no answer`);
      continue;
    }
    try {
      await tryOut(model);
      served.set(name, model);
    } catch (error) {
      if (!(error instanceof WeirError) || !server.connected) throw error;
      if (error instanceof DeadlineExceeded) hung = called(mapped);
      misfits.set(name, `its model ${called(mapped)} fails when tried: ${cut(error.message)}`);
    }
  }
  return { served, misfits };
}

type Found =
  | ServedModel
  | { readonly misfit: string }
  | { readonly misfit: string; readonly unavailable: true }
  | { readonly absent: true };

async function examine(mapped: MappedModel, { server, ask }: SurveyOptions): Promise<Found> {
  const { variant, labels, model, named } = mapped;
  let metadata: inference.ModelMetadataResponse | undefined;
  let config: inference.ModelConfig | undefined;
  try {
    metadata = await ask((call) => server.metadata(model, call)).catch(unlessImplemented);
    if (!(await ask((call) => server.ready(model, call)))) return { misfit: 'is not ready' };
    config = await ask((call) => server.config(model, call)).catch((error: unknown) => {
      // It tells nothing that is needed.
      if (error instanceof WeirError && server.connected) return undefined;
      throw error;
    });
  } catch (error) {
    if (!(error instanceof WeirError) || !server.connected) throw error;
    if (error.status === 'NOT_FOUND' && !named) return { absent: true };
    if (error.status === 'NOT_FOUND') return { misfit: 'is not there' };
    const misfit = `is not known: ${cut(error.message)}`;
    return error instanceof Unavailable ? { misfit, unavailable: true } : { misfit };
  }
  const fit = fitInterface(interfaceOf(variant, { labels }), metadata ?? { inputs: [], outputs: [] }, {
    classifier: variant.task !== 'tensor',
    wholeNumbers: dequantised(variant),
  });
  if ('misfit' in fit) return fit;
  const checksum = config?.parameters.weir_checksum?.stringValue;
  if (checksum && checksum !== mapped.checksum)
    return { misfit: 'is another by its weir_checksum than this device has' };
  return { ...mapped, names: fit, instances: instancesOf(config) };
}

function unlessImplemented(error: unknown): undefined {
  if (error instanceof WeirError && error.reason === 'UNIMPLEMENTED') return undefined;
  throw error;
}

const dequantised = (variant: VariantEntry): boolean =>
  variant.task !== 'tensor' && variant.output.quantisation !== undefined;

/** Instances of a model, on all its processors together. */
function instancesOf(config: inference.ModelConfig | undefined): number | undefined {
  const count = config?.instanceGroup.reduce((sum, group) => sum + Math.max(0, group.count), 0) ?? 0;
  return count > 0 ? Math.min(count, 1_024) : undefined;
}

const isSame = (known: ServedModel | undefined, now: ServedModel): boolean =>
  known !== undefined && JSON.stringify(saidOf(known)) === JSON.stringify(saidOf(now));

const saidOf = ({ names, instances, checksum }: ServedModel) => [names, instances, checksum];

const called = ({ model: { name, version } }: MappedModel) => (version ? `${name}/${version}` : name);
const cut = (text: string) => (text.length > 200 ? `${text.slice(0, 200)}…` : text);
