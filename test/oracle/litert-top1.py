"""Output bytes of an int8 model on LiteRT's reference kernels and with XNNPACK, one input after the other.

argv: model, input bytes an item; stdin: inputs; stdout: outputs of the reference kernels, then with XNNPACK.
"""
import sys

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

model, width = sys.argv[1], int(sys.argv[2])
inputs = np.frombuffer(sys.stdin.buffer.read(), dtype=np.int8).reshape(-1, width)
for resolver in (OpResolverType.BUILTIN_REF, OpResolverType.BUILTIN):
    interpreter = Interpreter(model_path=model, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    source, sink = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    for item in inputs:
        interpreter.set_tensor(source["index"], item.reshape(source["shape"]))
        interpreter.invoke()
        sys.stdout.buffer.write(interpreter.get_tensor(sink["index"]).tobytes())
