import { WeirError } from '@weir/base';
import { interfaceOf, type VariantEntry } from '@weir/inference';
import { familyModel, type OipBackend, type OipCall, type OipModel, variantModel } from '@weir/oip';
import type { agent } from '@weir/proto';
import { reasonName, tierName } from '@weir/wire';
import type { Admission, Agent } from './agent.ts';
import type { CellView } from './targets/cell-view.ts';
import type { KnownFamily } from './targets/known-family.ts';

const service = 'inference.GRPCInferenceService';

/** Of the model that stands for the family, beside the family's own. */
const anyVariant = 'weir';

/**
 * The device as clients of the Open Inference Protocol see it: one model that stands for the family and is answered wherever
 * and by whichever variant is best, and each variant by its own name, answered at its cheapest place.
 */
export function oipBackend(
  device: Pick<Agent, 'answer' | 'admitWhenFree' | 'refused'>,
  { view, slots }: { view: Pick<CellView, 'runs' | 'known'>; slots: number },
): OipBackend {
  const list = (known: KnownFamily) => {
    const { labels, name: familyName, variants: served, retired = [] } = known.family;
    const modelOf = (variant: VariantEntry, obstacle: () => string | undefined): OipModel => ({
      ...variantModel(variant, interfaceOf(variant, known.family), { labels, instances: slots }),
      get obstacle() {
        return obstacle();
      },
    });
    const variants = served.map((variant) =>
      modelOf(variant, () => {
        if (variant.stage?.kind === 'canary') return `canary: answers in the place of ${variant.stage.of}`;
        return view.runs(variant.name) ? undefined : 'no node is known to run it';
      }),
    );
    const open = variants.filter((_, at) => served[at]!.stage === undefined);
    const names = new Set([anyVariant, familyName]);
    const families = [...names].map((name) => familyModel(name, open as [OipModel, ...OipModel[]]));
    const gone = retired.map((variant) => modelOf(variant, () => 'retired'));
    return {
      known,
      names,
      models: [...families, ...[...variants, ...gone].filter(({ name }) => !names.has(name))],
    };
  };
  let listed: ReturnType<typeof list> | undefined;
  const current = () => (listed?.known === view.known ? listed : (listed = list(view.known)));

  const admit = async (request: agent.InferRequest, { deadlineAt, signal }: OipCall): Promise<Admission> => {
    try {
      return await device.admitWhenFree(request, { deadlineAt, signal });
    } catch (error) {
      if (error instanceof WeirError) device.refused(error);
      throw error;
    }
  };

  return {
    name: 'weir-device-agent',
    models: () => current().models,
    async infer({ model, requestId, input, timeoutMs, accuracyFloor }, call) {
      const { deadlineAt, signal, trace, mayWait } = call;
      const request = { requestId, input, timeoutMs, trace, wantOutputs: true };
      const variant = current().names.has(model.name) ? undefined : model.name;
      const answer = await device.answer(request, {
        deadlineAt,
        signal,
        rpcMethod: `${service}/${mayWait ? 'ModelStreamInfer' : 'ModelInfer'}`,
        wishes: { leastAccuracy: accuracyFloor, variant },
        ...(mayWait && { admission: await admit(request, call) }),
      });
      const { queueMs = 0, decodeMs = 0, computeMs = 0 } = answer.hops ?? {};
      return {
        outputs: answer.outputs,
        times: { queueMs, decodeMs, computeMs },
        batchSize: 1,
        facts: factsOf(answer),
      };
    },
  };
}

const factsOf = ({
  placement,
  decision,
  classification,
  ...answer
}: agent.InferResponse): Record<string, string | number> => ({
  ...(placement && {
    weir_node: placement.nodeId,
    weir_tier: tierName(placement.tier),
    weir_variant: placement.variant,
  }),
  ...(decision && { weir_reason: reasonName(decision.reason) }),
  ...(classification && { weir_label: classification.label, weir_confidence: classification.confidence }),
  weir_looks: answer.looks.length,
  weir_response_ms: answer.responseMs,
  weir_expected_accuracy: answer.expectedAccuracy,
});
