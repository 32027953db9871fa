"""
TensorFlow Lite Micro on a batch of models. Standard input is one request: u32 model count, then per model u32 bytes,
the .tflite, u32 block bytes, and the block: u32 input tensors, u32 output tensors, u32 sets, then per set every input
tensor's raw bytes in order. Standard output is one JSON line
{"version": …}, then per model a JSON line {"ok": true, "outputBytes": […]} followed by the raw output tensors of every
set, or {"ok": false, "error": …}. All integers are little-endian.
"""
import io
import json
import struct
import sys

import numpy
from tflite_micro.python.tflite_micro import runtime
from tflite_micro.python.tflite_micro._version import __version__

ARENA_BYTES = 1 << 20


def take(stream, count):
    data = stream.read(count)
    if len(data) != count:
        raise EOFError("request is cut short")
    return data


def u32(stream):
    return struct.unpack("<I", take(stream, 4))[0]


def main():
    stream = io.BytesIO(sys.stdin.buffer.read())
    out = sys.stdout.buffer
    out.write(json.dumps({"version": __version__}).encode() + b"\n")
    for _ in range(u32(stream)):
        model = take(stream, u32(stream))
        block_bytes = u32(stream)
        block = io.BytesIO(take(stream, block_bytes))
        try:
            interpreter = runtime.Interpreter.from_bytes(model, arena_size=ARENA_BYTES)
            input_count = u32(block)
            output_count = u32(block)
            inputs = [interpreter.get_input_details(i) for i in range(input_count)]
            results = []
            for _ in range(u32(block)):
                for i, detail in enumerate(inputs):
                    shape, dtype = detail["shape"], numpy.dtype(detail["dtype"])
                    count = int(numpy.prod(shape)) * dtype.itemsize
                    interpreter.set_input(numpy.frombuffer(take(block, count), dtype=dtype).reshape(shape), i)
                interpreter.invoke()
                results.append([numpy.ascontiguousarray(interpreter.get_output(o)).tobytes() for o in range(output_count)])
        except Exception as error:
            out.write(json.dumps({"ok": False, "error": str(error)}).encode() + b"\n")
            continue
        sizes = [len(o) for o in results[0]] if results else []
        out.write(json.dumps({"ok": True, "outputBytes": sizes, "sets": len(results)}).encode() + b"\n")
        for outputs in results:
            for data in outputs:
                out.write(data)
    out.flush()


main()
