import { AppError } from '@prad/errors';
import type { ExternalData, Graph, Value } from '@prad/graph';
import type { ParameterSpec } from '../random/initialise.js';

type Weight = (name: string) => Value;

/** Each weight is declared when the forward pass first asks for it, so a graph holds only what it uses. */
function declaredOnce(specs: readonly ParameterSpec[], declare: (spec: ParameterSpec) => Value): Weight {
  const byName = new Map(specs.map((spec) => [spec.name, spec]));
  const declared = new Map<string, Value>();
  return (name) => {
    const known = declared.get(name);
    if (known) return known;
    const spec = byName.get(name);
    if (!spec)
      throw new AppError({ kind: 'bug', code: 'unknown_weight', message: `there is no weight ${name}` });
    const value = declare(spec);
    declared.set(name, value);
    return value;
  };
}

/** Weights loaded with the graph from a file, untouched by training. */
export function storedWeights(
  graph: Graph,
  specs: readonly ParameterSpec[],
  data: (name: string) => ExternalData,
): Weight {
  return declaredOnce(specs, ({ name, shape }) =>
    graph.parameter(name, { dtype: 'float32', shape }, data(name)),
  );
}

/** Tensors fed at each run under their own names: what is trained, or a test's weights. */
export function fedWeights(graph: Graph, specs: readonly ParameterSpec[]): Weight {
  return declaredOnce(specs, ({ name, shape }) => graph.input(name, 'float32', shape));
}
