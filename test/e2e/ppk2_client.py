"""A bench script as a user of PyPI's ppk2-api would write it: PORT MILLIVOLTS.

Powers the DUT, prints `measuring` and reads until a line comes on standard input. Then prints JSON: samples read, samples
missing by the device's own 6-bit counter, seconds of wall time, and mean currents in uA (all, D0 high, D0 low).
"""

import json
import select
import sys
import time

from ppk2_api import ppk2_api

port, millivolts = sys.argv[1], int(sys.argv[2])
client = ppk2_api.PPK2_API(port, timeout=1, write_timeout=1)
if not client.get_modifiers():
    raise SystemExit("no metadata")
client.use_source_meter()
client.set_source_voltage(millivolts)
client.toggle_DUT_power("ON")
raw = bytearray()
currents, logic = [], []
began = time.monotonic()
client.start_measuring()
print("measuring", flush=True)
while not select.select([sys.stdin], [], [], 0)[0]:
    got = client.get_data()
    if not got:
        time.sleep(0.001)
        continue
    raw += got
    samples, bits = client.get_samples(got)
    currents.extend(samples)
    logic.extend(bits)
seconds = time.monotonic() - began
client.stop_measuring()

words = memoryview(bytes(raw[: len(raw) // 4 * 4])).cast("I")
counters = [(w >> 18) & 63 for w in words]
missing = sum((b - a - 1) & 63 for a, b in zip(counters, counters[1:]))


def mean(values):
    return sum(values) / len(values) if values else None


print(
    json.dumps(
        {
            "count": len(words),
            "missing": missing,
            "seconds": seconds,
            "meanUa": mean(currents),
            "windowUa": mean([c for c, b in zip(currents, logic) if b & 1]),
            "idleUa": mean([c for c, b in zip(currents, logic) if not b & 1]),
        }
    )
)
