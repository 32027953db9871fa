"""PyPI's ppk2-api as an oracle, driven over standard input and output.

decode: stdin = u32 length, JSON {"modifiers": {"R": [5], ...} or {}, "vddMv": n}, then u32 words;
        stdout = one f64 a word, in microamperes.
read PORT MV SECONDS: opens PORT as a user of the package would, in source mode, reads until SECONDS of samples have
        come, the stream falls silent, or a second of samples after D0 fell; stdout = JSON with the count, the first and
        last sample of D0 high and the mean between them in uA.
version: prints the installed version.
"""

import json
import struct
import sys
import time
from importlib.metadata import version

from ppk2_api import ppk2_api


class NoSerial:
    """In place of pyserial where no port is opened."""

    class Serial:
        def __init__(self, *args, **kwargs):
            self.baudrate = 0

        def close(self):
            pass


def decode():
    ppk2_api.serial = NoSerial
    data = sys.stdin.buffer.read()
    (length,) = struct.unpack_from("<I", data)
    head = json.loads(data[4 : 4 + length])
    client = ppk2_api.PPK2_API("none")
    client.current_vdd = head["vddMv"]
    for key, row in head["modifiers"].items():
        client.modifiers[key] = {str(i): v for i, v in enumerate(row)}
    samples, _ = client.get_samples(data[4 + length :])
    sys.stdout.buffer.write(struct.pack(f"<{len(samples)}d", *samples))


def read(port, millivolts, seconds):
    client = ppk2_api.PPK2_API(port, timeout=1, write_timeout=1)
    # the package waits half a second for the text, which a busy machine may not keep; a late answer must not be read as
    # samples
    for _ in range(10):
        if client.get_modifiers():
            break
    else:
        raise SystemExit("no metadata")
    time.sleep(0.3)
    client.ser.reset_input_buffer()
    client.use_source_meter()
    client.set_source_voltage(millivolts)
    client.toggle_DUT_power("ON")
    client.start_measuring()
    wanted = int(seconds * 100_000)
    values, logic, last_high = [], [], -1
    silent_since = time.time()
    while len(values) < wanted and time.time() - silent_since < 5:
        if last_high >= 0 and len(logic) - last_high > 100_000:
            break
        got = client.get_data()
        if not got:
            time.sleep(0.001)
            continue
        silent_since = time.time()
        # fewer than four bytes in all would make the package wait for the rest of a sample that is not there
        part, bits = client.get_samples(got)
        values.extend(part)
        for i in range(len(bits) - 1, -1, -1):
            if bits[i] & 1:
                last_high = len(logic) + i
                break
        logic.extend(bits)
    client.stop_measuring()
    high = [i for i, b in enumerate(logic) if b & 1]
    first, last = (high[0], high[-1]) if high else (0, -1)
    window = values[first : last + 1]
    print(
        json.dumps(
            {
                "count": len(values),
                "first": first,
                "last": last,
                "windowMeanUa": sum(window) / len(window) if window else None,
            }
        )
    )


if __name__ == "__main__":
    command = sys.argv[1]
    if command == "decode":
        decode()
    elif command == "read":
        read(sys.argv[2], int(sys.argv[3]), float(sys.argv[4]))
    elif command == "version":
        print(version("ppk2-api"))
