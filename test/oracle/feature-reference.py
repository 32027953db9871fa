"""Float reference of the streaming front ends, from the published formulas with NumPy and SciPy only.

stdin: JSON [{recipe, samples: base64 of int16 LE}]; stdout: JSON [{rows, tone}]. `rows` are the features before
quantisation; `tone` is, for each frame, the value that a tone as high as its largest sample would have in the spectrum.
"""
import base64
import json
import sys

import numpy as np
from scipy.fft import dct, rfft
from scipy.signal import get_window, lfilter, lfilter_zi


def htk(hz):
    return 1127.0 * np.log1p(np.asarray(hz, dtype=float) / 700.0)


def slaney(hz):
    hz = np.asarray(hz, dtype=float)
    return np.where(hz < 1000, 3 * hz / 200, 15 + 27 * np.log(np.maximum(hz, 1e-9) / 1000) / np.log(6.4))


def slaney_to_hz(mel):
    return np.where(mel < 15, 200 * mel / 3, 1000 * np.exp(np.log(6.4) * (mel - 15) / 27))


def mel_matrix(r):
    """[bin][mel] of peak 1, and the weight of each filter."""
    hz = np.arange(r["fftPoints"] // 2 + 1) * r["sampleRateHz"] / r["fftPoints"]
    count = r["melCount"]
    if r["melScale"] == "htk":
        axis, edges = htk(hz), np.linspace(htk(r["lowHz"]), htk(r["highHz"]), count + 2)
        norm = np.ones(count)
    else:
        axis, edges = hz, slaney_to_hz(np.linspace(slaney(r["lowHz"]), slaney(r["highHz"]), count + 2))
        norm = 2 / (edges[2:] - edges[:-2])
    rising = (axis[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - axis[:, None]) / (edges[2:] - edges[1:-1])
    matrix = np.maximum(0.0, np.minimum(rising, falling))
    matrix[0] = matrix[-1] = 0.0
    return matrix, norm


def audio(r, x):
    x = x.astype(float) / 32768.0
    n, hop = r["frameSamples"], r["hopSamples"]
    frames = np.stack([x[s : s + n] for s in range(0, len(x) - n + 1, hop)])
    window = get_window("hann", n, fftbins=True)
    spectrum = np.abs(rfft(frames * window, n=r["fftPoints"]))
    tone = np.abs(frames).max(axis=1) * window.sum() / 2
    if r["spectrum"] == "power":
        spectrum, tone = spectrum**2, tone**2
    matrix, norm = mel_matrix(r)
    mel = (spectrum @ matrix + r["floor"]) * norm
    if r["kind"] == "mfcc":
        rows = dct(np.log(mel), type=2)[:, : r["coefficientCount"]] / np.sqrt(2 * r["melCount"])
    else:
        rows = np.log(mel) if r["unit"] == "ln" else 10 * np.log10(mel)
    # how far each band is under a tone of the frame's level
    depth = (mel / norm) / np.maximum(tone[:, None], 1e-300)
    return rows, depth


def imu(r, x):
    x = x.astype(float).reshape(-1, r["channels"])
    for f in r["filters"]:
        b, a = np.array(f["b"]), np.array([1.0, *f["a"]])
        zi = lfilter_zi(b, a)
        x = np.stack([lfilter(b, a, c, zi=zi * c[0])[0] for c in x.T], axis=1)
    rows = x * np.array(r["unitsPerCount"])
    return rows, np.ones_like(rows)


out = []
for case in json.load(sys.stdin):
    samples = np.frombuffer(base64.b64decode(case["samples"]), dtype="<i2")
    recipe = case["recipe"]
    rows, depth = imu(recipe, samples) if recipe["kind"] == "imu" else audio(recipe, samples)
    out.append({"rows": rows.tolist(), "depth": depth.tolist()})
json.dump(out, sys.stdout)
