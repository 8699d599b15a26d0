import { type Clock, InvalidInput, type Logger, systemClock, Unavailable } from '@weir/base';
import { inference } from '@weir/proto';
import { bidi, type CallContext, type ServedService, unary } from '@weir/rpc';
import type { OipBackend } from './backend.ts';
import { infer } from './infer.ts';
import { modelConfig, modelMetadata, repositoryIndex, serverMetadata } from './metadata.ts';
import { modelNamed, type OipModel, version as onlyVersion } from './model.ts';
import { ModelStatistics } from './statistics.ts';
import { serveStream } from './stream.ts';

export interface OipServiceOptions {
  /** Undefined until inferences can be answered. */
  readonly backend: () => OipBackend | undefined;
  /** @default systemClock */
  readonly clock?: Clock;
  readonly logger: Logger;
  /** Requests that one stream may have unanswered before nothing more is read from it. */
  readonly maxUnanswered: number;
}

/** `inference.GRPCInferenceService`, the Open Inference Protocol v2 with Triton's additions (docs/oip.md). */
export function oipService({
  backend,
  clock = systemClock,
  logger,
  maxUnanswered,
}: OipServiceOptions): ServedService {
  const statistics = new Map<string, ModelStatistics>();
  const statisticsOf = (model: string) => {
    let own = statistics.get(model);
    if (!own) statistics.set(model, (own = new ModelStatistics(model)));
    return own;
  };
  const ready = () => {
    const behind = backend();
    if (!behind) throw new Unavailable('the models are not warm yet', { reason: 'WARMING_UP' });
    return behind;
  };
  const model = ({ name, version }: { name: string; version: string }) =>
    modelNamed(ready().models(), name, version);
  const run = async (request: inference.ModelInferRequest, context: CallContext, streamed: boolean) =>
    infer(request, { ...context, streamed }, { backend: ready(), statisticsOf, clock });

  const implementation: inference.GRPCInferenceServiceServer = {
    serverLive: unary(() => ({ live: true })),
    serverReady: unary(() => ({ ready: backend() !== undefined })),
    modelReady: unary((request) => ({ ready: isReady(backend()?.models() ?? [], request) })),
    serverMetadata: unary(() => serverMetadata(ready().name)),
    modelMetadata: unary((request) => modelMetadata(model(request))),
    modelConfig: unary((request) => ({ config: modelConfig(model(request)) })),
    modelInfer: unary((request, context) => run(request, context, false)),
    modelStreamInfer: bidi((stream, context) =>
      serveStream(stream, context, {
        answer: (request) => run(request, context, true),
        most: maxUnanswered,
        logger,
      }),
    ),
    modelStatistics: unary((request) => {
      const asked = request.name === '' ? ready().models() : [model(request)];
      return { modelStats: asked.map(({ name }) => statisticsOf(name).toWire()) };
    }),
    repositoryIndex: unary((request) => {
      if (request.repositoryName !== '')
        throw new InvalidInput([
          { field: 'repository_name', description: 'there is one repository: leave it empty' },
        ]);
      return repositoryIndex(ready().models(), request);
    }),
    repositoryModelLoad: unary(fixed),
    repositoryModelUnload: unary(fixed),
  };
  return { definition: inference.GRPCInferenceServiceService, implementation };
}

/** In Triton's words, where it does not let its clients choose the models. */
function fixed(): never {
  throw new Unavailable(
    'explicit model load / unload is not allowed: a family changes by weir models import, promote and retire',
    {
      reason: 'MODELS_FIXED',
    },
  );
}

/** As Triton, which does not refuse the question about a model that there is not. */
function isReady(models: readonly OipModel[], { name, version }: inference.ModelReadyRequest): boolean {
  const known = models.find((candidate) => candidate.name === name);
  return known !== undefined && known.obstacle === undefined && ['', onlyVersion].includes(version);
}
