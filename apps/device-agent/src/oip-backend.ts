import { WeirError } from '@weir/base';
import { type Family, interfaceOf } from '@weir/inference';
import { familyModel, type OipBackend, type OipCall, type OipModel, variantModel } from '@weir/oip';
import type { agent } from '@weir/proto';
import { reasonName, tierName } from '@weir/wire';
import type { Admission, Agent } from './agent.ts';
import type { CellView } from './targets/cell-view.ts';

const service = 'inference.GRPCInferenceService';

/** Of the model that stands for the family, beside the family's own. */
const anyVariant = 'weir';

/**
 * The device as clients of the Open Inference Protocol see it: one model that stands for the family and is answered wherever
 * and by whichever variant is best, and each variant by its own name, answered at its cheapest place.
 */
export function oipBackend(
  device: Pick<Agent, 'answer' | 'admitWhenFree' | 'refused'>,
  { family, view, slots }: { family: Family; view: Pick<CellView, 'runs'>; slots: number },
): OipBackend {
  const { labels } = family;
  const variants = family.variants.map((variant): OipModel => {
    const model = variantModel(variant, interfaceOf(variant, family), { labels, instances: slots });
    return {
      ...model,
      get obstacle() {
        return view.runs(variant.name) ? undefined : 'no node is known to run it';
      },
    };
  });
  const names = new Set([anyVariant, family.name]);
  const families = [...names].map((name) => familyModel(name, variants as [OipModel, ...OipModel[]]));
  const models = [...families, ...variants.filter(({ name }) => !names.has(name))];

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
    models: () => models,
    async infer({ model, requestId, input, timeoutMs, accuracyFloor }, call) {
      const { deadlineAt, signal, trace, mayWait } = call;
      const request = { requestId, input, timeoutMs, trace, wantOutputs: true };
      const variant = names.has(model.name) ? undefined : model.name;
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
