import { identityOf, interfaceOf, type Runner, type VariantEntry } from '@weir/inference';
import { type OipBackend, type OipModel, variantModel } from '@weir/oip';
import { queueOf } from '@weir/telemetry';
import type { WorkerNode } from './node.ts';

/** The node as clients of the Open Inference Protocol see it: each of its variants is a model. */
export function oipBackend(
  node: Pick<WorkerNode, 'infer'>,
  {
    nodeId,
    slots,
    models: { runner, retired },
  }: {
    readonly models: {
      readonly runner: Pick<Runner, 'variants' | 'labels'>;
      retired(): readonly VariantEntry[];
    };
    readonly nodeId: string;
    readonly slots: number;
  },
): OipBackend {
  let listed:
    | {
        readonly of: Runner['variants'];
        readonly gone: readonly VariantEntry[];
        readonly models: readonly OipModel[];
      }
    | undefined;
  return {
    name: 'weir-inference-worker',
    models() {
      const { variants, labels } = runner;
      const gone = retired();
      if (listed?.of !== variants || listed.gone !== gone) {
        const { checksums } = identityOf({ name: '', labels, variants: [...variants, ...gone] });
        const modelOf = (variant: VariantEntry): OipModel => ({
          ...variantModel(variant, interfaceOf(variant, { labels }), {
            labels,
            instances: slots,
            checksum: checksums.get(variant.name),
          }),
          ...(variant.stage?.kind === 'canary' && { note: `canary of ${variant.stage.of}` }),
          ...(variant.stage?.kind === 'retired' && { obstacle: 'retired' }),
        });
        const served = new Set(variants.map(({ name }) => name));
        const others = gone.filter(({ name }) => !served.has(name));
        listed = { of: variants, gone, models: [...variants, ...others].map(modelOf) };
      }
      return listed.models;
    },
    async infer({ model, requestId, input, timeoutMs }, { arrivedAt, deadlineAt, signal, caller, trace }) {
      const request = {
        requestId,
        variant: model.name,
        input,
        timeoutMs,
        trace,
        background: false,
        wantOutputs: true,
      };
      const answer = await node.infer(request, { arrivedAt, deadlineAt, signal, caller });
      const { outputs, decodeMs, computeMs, batchSize, classification } = answer;
      // As its trace has it: whoever subtracts these from a round trip is left with the network alone.
      const queueMs = queueOf(answer);
      return {
        outputs,
        times: { queueMs, decodeMs, computeMs },
        batchSize,
        facts: {
          weir_node: nodeId,
          weir_queue_ms: queueMs,
          weir_decode_ms: decodeMs,
          weir_compute_ms: computeMs,
          ...(classification && {
            weir_label: classification.label,
            weir_confidence: classification.confidence,
          }),
        },
      };
    },
  };
}
