"""Checks .onnx files with the onnx package: full check and strict shape inference.

    python check_onnx.py FILE.onnx ...

Prints one line a file and exits with 1 if any file fails. Operators of other domains (com.microsoft)
have no schema in onnx, so their nodes are taken out before the strict shape inference: their outputs
become graph inputs of the type and shape that the file declares for them (of unknown shape where it
declares none).
Tensors in external files become inputs too, since their type and shape are all that the check needs;
their offset and length are compared with the file where it exists. The rest is checked as it stands.
"""

import math
import sys
from pathlib import Path

import onnx
from onnx import TensorProto, checker, defs, helper, shape_inference

STANDARD_DOMAINS = ("", "ai.onnx")
# onnxruntime keeps this operator of its own in the ONNX domain, where the standard has no such name.
ONNXRUNTIME_NORM = "SimplifiedLayerNormalization"


def register_onnxruntime_norm():
    floats = ["tensor(float)", "tensor(float16)"]
    schema = defs.OpSchema(
        ONNXRUNTIME_NORM,
        "",
        1,
        inputs=[defs.OpSchema.FormalParameter("X", "T"), defs.OpSchema.FormalParameter("scale", "T")],
        outputs=[defs.OpSchema.FormalParameter("Y", "T")],
        type_constraints=[("T", floats, "")],
        attributes=[
            defs.OpSchema.Attribute("axis", defs.OpSchema.AttrType.INT, "", required=False),
            defs.OpSchema.Attribute("epsilon", defs.OpSchema.AttrType.FLOAT, "", required=False),
        ],
    )
    defs.register_schema(schema)


def cut_foreign_nodes(model):
    """Removes nodes of other domains; returns how many of each operator."""
    graph = model.graph
    declared = {v.name: v for v in (*graph.value_info, *graph.output)}
    counts, kept = {}, []
    for node in graph.node:
        if node.domain in STANDARD_DOMAINS and node.op_type != ONNXRUNTIME_NORM:
            kept.append(node)
            continue
        key = f"{node.domain}.{node.op_type}"
        counts[key] = counts.get(key, 0) + 1
        for name in filter(None, node.output):
            # An undeclared output is taken for float32, as fused operators on float32 models give.
            value = declared.get(name) or helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
            graph.input.append(value)
    if counts:
        del graph.node[:]
        graph.node.extend(kept)
        inputs = {v.name for v in graph.input}
        values = [v for v in graph.value_info if v.name not in inputs]
        del graph.value_info[:]
        graph.value_info.extend(values)
        domains = [d for d in model.opset_import if d.domain in STANDARD_DOMAINS]
        del model.opset_import[:]
        model.opset_import.extend(domains)
    return counts


def external_problems(model, folder):
    """External tensors whose byte range does not fit their shape or lies outside an existing file."""
    for tensor in model.graph.initializer:
        if tensor.data_location != TensorProto.EXTERNAL:
            continue
        entry = {e.key: e.value for e in tensor.external_data}
        size = helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize * math.prod(tensor.dims)
        offset, length = int(entry.get("offset", 0)), int(entry.get("length", size))
        path = folder / entry["location"]
        if length != size:
            yield f"{tensor.name}: length {length}, expected {size} bytes"
        elif path.exists() and offset + length > path.stat().st_size:
            yield f"{tensor.name}: bytes {offset}..{offset + length} lie outside {path.name}"


def cut_external_tensors(model):
    """Turns external tensors into graph inputs of the same type and shape; returns how many.

    The checker would look for the weight file, which need not be there.
    """
    graph = model.graph
    external = [t for t in graph.initializer if t.data_location == TensorProto.EXTERNAL]
    names = {t.name for t in external}
    declared = {v.name for v in graph.input}
    for tensor in external:
        if tensor.name not in declared:
            graph.input.append(helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
    kept = [t for t in graph.initializer if t.name not in names]
    del graph.initializer[:]
    graph.initializer.extend(kept)
    return len(external)


def check(path):
    """Raises on the first fault; returns a note on what was cut."""
    model = onnx.load(path, load_external_data=False)
    problems = list(external_problems(model, path.parent))
    if problems:
        raise ValueError("; ".join(problems[:5]))
    nodes, external = len(model.graph.node), cut_external_tensors(model)
    # With a foreign node in the graph, onnx keeps quiet about the type and shape faults that it finds.
    checker.check_model(model, full_check=True)
    counts = cut_foreign_nodes(model)
    shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    cut = "".join(f", {name} x{count} not checked" for name, count in sorted(counts.items()))
    return f"{nodes} nodes, {external} external tensors{cut}"


def main(paths):
    failed = 0
    register_onnxruntime_norm()
    for path in paths:
        try:
            print(f"OK {path} ({check(path)})")
        # Whatever a broken file raises is that file's result; the others are still checked.
        except Exception as error:
            failed += 1
            print(f"FAILED {path}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main([Path(p) for p in sys.argv[1:]]))
