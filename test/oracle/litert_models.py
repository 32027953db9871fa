"""What LiteRT reads in .tflite files: one JSON line a file named on standard input.

Each line: {"tensors": [...], "ops": [...], "inputs": [...], "outputs": [...], "loads": bool}. `loads` says whether the
interpreter could also allocate the model's tensors, with its own kernels and no delegate.
"""

import json
import sys

from ai_edge_litert.interpreter import Interpreter, OpResolverType


def tensor(details):
    q = details["quantization_parameters"]
    return {
        "index": int(details["index"]),
        "name": details["name"],
        "shape": [int(d) for d in details["shape"]],
        "type": details["dtype"].__name__,
        "scales": [float(s) for s in q["scales"]],
        "zeroPoints": [int(z) for z in q["zero_points"]],
        "axis": int(q["quantized_dimension"]),
    }


def operator(details):
    return {
        "name": details["op_name"],
        "inputs": [int(i) for i in details["inputs"]],
        "outputs": [int(i) for i in details["outputs"]],
    }


def describe(path):
    interpreter = Interpreter(
        model_path=path, experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    )
    found = {
        "tensors": [tensor(d) for d in interpreter.get_tensor_details()],
        "ops": [operator(d) for d in interpreter._get_ops_details()],
        "inputs": [int(d["index"]) for d in interpreter.get_input_details()],
        "outputs": [int(d["index"]) for d in interpreter.get_output_details()],
    }
    try:
        interpreter.allocate_tensors()
        return {**found, "loads": True}
    except (RuntimeError, ValueError) as error:
        return {**found, "loads": False, "error": str(error)}


for line in sys.stdin:
    print(json.dumps(describe(line.strip())), flush=True)
