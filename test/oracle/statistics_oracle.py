"""Prints the figures of test/unit/base/statistics.test.ts by NumPy, SciPy and scikit-learn.

    .cache/venv/bin/python test/oracle/statistics_oracle.py > test/oracle/statistics.json
"""
import json
import sys

import numpy as np
import scipy
import sklearn
from scipy import stats
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(7)


def t_cases():
    return [
        {"dof": d, "confidence": c, "t": float(stats.t.isf((1 - c) / 2, d))}
        for d in (1, 2, 3, 4, 5, 9, 19, 29, 39.5, 99, 999, 100000)
        for c in (0.5, 0.9, 0.95, 0.99, 0.9999)
    ]


def interval_cases():
    out = []
    for n in (2, 5, 12):
        v = rng.normal(12.4, 0.05, n).round(6)
        low, high = stats.t.interval(0.95, n - 1, loc=v.mean(), scale=stats.sem(v))
        out.append({"values": v.tolist(), "mean": float(v.mean()), "std": float(v.std(ddof=1)),
                    "median": float(np.median(v)), "low": float(low), "high": float(high)})
    return out


def wilson_cases():
    out = []
    for k, n in ((0, 10), (1, 10), (10, 10), (90, 100), (448, 500), (3, 100000)):
        for c in (0.9, 0.95, 0.99):
            ci = stats.binomtest(k, n).proportion_ci(c, method="wilson")
            out.append({"k": k, "n": n, "confidence": c, "low": float(ci.low), "high": float(ci.high)})
    return out


def auc_cases():
    out = []
    for n in (8, 72):
        y = (rng.random(n) < 0.4).astype(int)
        y[0], y[1] = 0, 1
        s = (rng.normal(0, 1, n) + y).round(1)
        out.append({"scores": s.tolist(), "labels": y.tolist(), "auc": float(roc_auc_score(y, s))})
    return out


def multi_auc():
    n, classes = 60, 4
    y = np.concatenate([np.arange(classes), rng.integers(0, classes, n - classes)])
    s = rng.random((n, classes)).round(3)
    s[np.arange(n), y] += 0.5
    p = s / s.sum(axis=1, keepdims=True)
    return {"rows": s.tolist(), "classes": y.tolist(),
            "macro": float(roc_auc_score(y, p, multi_class="ovr", average="macro"))}


json.dump({"numpy": np.__version__, "scipy": scipy.__version__, "sklearn": sklearn.__version__,
           "t": t_cases(), "interval": interval_cases(), "wilson": wilson_cases(), "auc": auc_cases(),
           "multiAuc": multi_auc()}, sys.stdout, indent=1)
print()
