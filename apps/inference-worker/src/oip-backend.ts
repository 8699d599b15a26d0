import { interfaceOf, type Runner } from '@weir/inference';
import { type OipBackend, type OipModel, variantModel } from '@weir/oip';
import type { WorkerNode } from './node.ts';

/** The node as clients of the Open Inference Protocol see it: each of its variants is a model. */
export function oipBackend(
  node: Pick<WorkerNode, 'infer'>,
  {
    nodeId,
    slots,
    variants,
    labels,
  }: Pick<Runner, 'variants' | 'labels'> & { nodeId: string; slots: number },
): OipBackend {
  const models: readonly OipModel[] = variants.map((variant) =>
    variantModel(variant, interfaceOf(variant, { labels }), { labels, instances: slots }),
  );
  return {
    name: 'weir-inference-worker',
    models: () => models,
    async infer({ model, requestId, input, timeoutMs }, { arrivedAt, deadlineAt, signal, trace }) {
      const request = {
        requestId,
        variant: model.name,
        input,
        timeoutMs,
        trace,
        background: false,
        wantOutputs: true,
      };
      const answer = await node.infer(request, { arrivedAt, deadlineAt, signal });
      const { outputs, queueMs, decodeMs, computeMs, batchSize, classification } = answer;
      return {
        outputs,
        times: { queueMs, decodeMs, computeMs },
        batchSize,
        facts: {
          weir_node: nodeId,
          ...(classification && {
            weir_label: classification.label,
            weir_confidence: classification.confidence,
          }),
        },
      };
    },
  };
}
