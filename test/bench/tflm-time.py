"""Milliseconds of one inference in PyPI's tflite-micro: the median of many, for every .tflite named. JSON on stdout."""
import json
import statistics
import sys
import time

import numpy as np
from tflite_micro.python.tflite_micro import runtime

REPETITIONS = 60


def milliseconds(path):
    interpreter = runtime.Interpreter.from_file(path)
    details = interpreter.get_input_details(0)
    rng = np.random.default_rng(1)
    low, high = np.iinfo(details["dtype"]).min, np.iinfo(details["dtype"]).max
    interpreter.set_input(rng.integers(low, high, details["shape"], details["dtype"], endpoint=True), 0)
    times = []
    for _ in range(REPETITIONS):
        began = time.perf_counter()
        interpreter.invoke()
        times.append((time.perf_counter() - began) * 1000)
    return statistics.median(times)


print(json.dumps({path: milliseconds(path) for path in sys.argv[1:]}))
