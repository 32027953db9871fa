"""What TensorFlow Lite Micro's arena takes for models: paths as arguments, the recording allocator's report on standard error."""

import sys

from tflite_micro.python.tflite_micro import runtime

for path in sys.argv[1:]:
    with open(path, "rb") as file:
        model = file.read()
    recording = runtime.InterpreterConfig.kAllocationRecording
    interpreter = runtime.Interpreter.from_bytes(model, intrepreter_config=recording)
    interpreter.print_allocations()
