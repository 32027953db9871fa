"""Second opinions on the stream's arithmetic: SciPy, scikit-learn, soundfile and brute force.

stdin: one JSON document {"what": ..., ...}; stdout: one JSON document.
"""
import json
import sys

import numpy as np


def resample(q):
    """Band-limited by a filter of its own: 120 dB, four times the length of ours."""
    from scipy.signal import firwin, resample_poly

    g = np.gcd(q["from"], q["to"])
    up, down = q["to"] // g, q["from"] // g
    largest = max(up, down)
    taps = 2 * 300 * largest + 1
    h = firwin(taps, 0.95 / largest, window=("kaiser", 12.3))
    return resample_poly(np.array(q["samples"]), up, down, window=h).tolist()


def read_audio(q):
    import soundfile

    samples, rate = soundfile.read(q["path"], dtype="float64", always_2d=True)
    return {"rate": rate, "samples": samples.T.tolist()}


def write_audio(q):
    import soundfile

    samples = np.array(q["samples"]).T
    soundfile.write(q["path"], samples, q["rate"], subtype=q["subtype"], format=q["format"])
    return read_audio(q)


def det(q):
    from sklearn.metrics import det_curve

    fpr, fnr, thresholds = det_curve(q["positive"], q["scores"])
    finite = np.isfinite(thresholds)
    return {k: v[finite].tolist() for k, v in (("fpr", fpr), ("fnr", fnr), ("thresholds", thresholds))}


def confusion(q):
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    matrix = confusion_matrix(q["truth"], q["predicted"], labels=q["labels"])
    p, r, f, _ = precision_recall_fscore_support(
        q["truth"], q["predicted"], labels=q["labels"], zero_division=np.nan
    )
    return {"matrix": matrix.tolist(), "precision": clean(p), "recall": clean(r), "f1": clean(f)}


def clean(values):
    return [None if np.isnan(v) else float(v) for v in values]


def percentiles(q):
    values = np.array(q["values"])
    return [float(np.percentile(values, p, method="inverted_cdf")) for p in q["percents"]]


def sww(q):
    """The wake-word rule by asking every detection about every word; times in ms, one label."""
    left = sorted(q["heard"])
    found, missed = [], []
    for start, end in sorted(q["words"]):
        own = [t for t in left if start <= t <= end + 1000]
        (found if own else missed).append(start)
        for t in own:
            left.remove(t)
    alarms = []
    for t in left:
        if not any(a <= t <= a + 1000 for a in alarms):
            alarms.append(t)
    return {"found": found, "missed": missed, "alarms": alarms}


def imu(q):
    """Level, strongest frequency and its share of the power of one axis, by Welch's method."""
    from scipy.signal import welch

    x = np.array(q["samples"])
    f, p = welch(x - x.mean(), q["rate"], nperseg=min(len(x), q.get("segment", 512)))
    return {"mean": x.mean(), "std": x.std(), "peak": f[np.argmax(p)], "frequencies": f.tolist(), "power": p.tolist()}


def many(q):
    return [globals()[each["what"]](each) for each in q["queries"]]


query = json.load(sys.stdin)
json.dump(globals()[query["what"]](query), sys.stdout)
