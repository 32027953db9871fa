"""Float reference of the audio front end, from the published formulas with NumPy and SciPy only.

stdin: int16 little-endian clips of 16000 samples; stdout: per clip, float64: MFCCs [49][10], mel energies
with the floor of 1e-6 [49][40], magnitude that a tone as high as the frame's largest sample would have [49].
"""
import sys

import numpy as np
from scipy.fft import dct, rfft
from scipy.signal import get_window

RATE, FRAME, HOP, FFT, MELS, COEFFICIENTS = 16000, 480, 320, 512, 40, 10


def hz_to_mel(hz):
    return 1127.0 * np.log1p(np.asarray(hz, dtype=float) / 700.0)


def mel_matrix():
    bins = hz_to_mel(np.arange(FFT // 2 + 1) * RATE / FFT)
    edges = np.linspace(hz_to_mel(20.0), hz_to_mel(4000.0), MELS + 2)
    rising = (bins[:, None] - edges[None, :-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[None, 2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    matrix = np.maximum(0.0, np.minimum(rising, falling))
    matrix[0] = 0.0
    return matrix


def features(clip):
    x = clip.astype(float) / 32768.0
    frames = np.stack([x[s : s + FRAME] for s in range(0, len(x) - FRAME + 1, HOP)])
    window = get_window("hann", FRAME, fftbins=True)
    spectrum = np.abs(rfft(frames * window, n=FFT))
    mel = spectrum @ mel_matrix() + 1e-6
    mfcc = dct(np.log(mel), type=2)[:, :COEFFICIENTS] / np.sqrt(2 * MELS)
    return np.concatenate([mfcc.ravel(), mel.ravel(), np.abs(frames).max(axis=1) * window.sum() / 2])


clips = np.frombuffer(sys.stdin.buffer.read(), dtype="<i2").reshape(-1, RATE)
sys.stdout.buffer.write(np.stack([features(c) for c in clips]).astype("<f8").tobytes())
