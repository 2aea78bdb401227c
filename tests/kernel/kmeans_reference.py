#!/usr/bin/python3
"""Inertia of k-means on data/digits/digits.h5 by scikit-learn, from the same starts as kernels/kmeans.c.

    /usr/bin/python3 tests/kernel/kmeans_reference.py            the known answers of test_kmeans.c
    /usr/bin/python3 tests/kernel/kmeans_reference.py time 50    seconds per fit, one thread, 50 seeds
    /usr/bin/python3 tests/kernel/kmeans_reference.py plain 50   "k seed inertia steps", k = 2..20, 50 seeds

The start is computed here on its own: Philox4x32-10 after its paper, draw c = number c of stream 0
under key `seed`, k-means++ by squared distance.  Then KMeans(init=start, n_init=1, algorithm="lloyd")
does the rest, with the same limits (max_iter 300; tol as printed, else 1e-4).

Pixels are small whole numbers and the first centres are points, so at most starts some points are
exactly as far from two centres.  hybrid sends them to the first; in scikit-learn rounding decides,
because it takes the mean off first, and the two may end elsewhere.  So known answers are taken from
starts without such ties; `plain` is Lloyd's iteration in numpy, on the numbers as they are, where ties
go to the first: hybrid has to agree with it everywhere.

Needs h5py, numpy, scikit-learn; made with scikit-learn 1.2.1."""
import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import h5py
import numpy
from sklearn.cluster import KMeans

DIGITS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "data", "digits", "digits.h5")


def philox(key, counter):
    """Four words from two words of key and four of counter, least significant first."""
    mask = 0xFFFFFFFF
    for _ in range(10):
        a, b = 0xD2511F53 * counter[0], 0xCD9E8D57 * counter[2]
        counter = [(b >> 32) ^ counter[1] ^ key[0], b & mask, (a >> 32) ^ counter[3] ^ key[1], a & mask]
        key = [(key[0] + 0x9E3779B9) & mask, (key[1] + 0xBB67AE85) & mask]
    return counter


def uniform(key, stream, index):
    """The index-th double in [0, 1) of a stream."""
    block, half = divmod(index, 2)
    words = philox([key & 0xFFFFFFFF, key >> 32],
                   [block & 0xFFFFFFFF, block >> 32, stream & 0xFFFFFFFF, stream >> 32])
    return (((words[2 * half] << 32) | words[2 * half + 1]) >> 11) * 2.0**-53


def start(x, k, seed):
    """Rows of x by k-means++."""
    rows = [int(uniform(seed, 0, 0) * len(x))]
    far = ((x - x[rows[0]]) ** 2).sum(axis=1)
    for c in range(1, k):
        rows.append(int(numpy.searchsorted(far.cumsum(), uniform(seed, 0, c) * far.sum(), side="right")))
        far = numpy.minimum(far, ((x - x[rows[-1]]) ** 2).sum(axis=1))
    return x[rows]


def distances(x, centres):
    return ((x[:, None, :] - centres[None, :, :]) ** 2).sum(axis=2)


def tied(x, centres):
    d = distances(x, centres)
    return ((d == d.min(axis=1)[:, None]).sum(axis=1) > 1).any()


def plain(x, centres, tol=1e-4, limit=300):
    """Inertia and steps, by the definition; no start of the digits leaves a cluster empty."""
    enough, labels = tol * x.var(axis=0).mean(), None
    for steps in range(1, limit + 1):
        old, labels = labels, distances(x, centres).argmin(axis=1)
        moved = numpy.array([x[labels == c].mean(axis=0) for c in range(len(centres))])
        shift, centres = ((moved - centres) ** 2).sum(), moved
        if (old is not None and (labels == old).all()) or shift <= enough:
            break
    return distances(x, centres).min(axis=1).sum(), steps


def model(start, tol=1e-4):
    return KMeans(n_clusters=len(start), init=start, n_init=1, algorithm="lloyd", max_iter=300, tol=tol)


def main():
    with h5py.File(DIGITS, "r") as f:
        x = f["x"][:].astype("f8")
    if sys.argv[1:2] == ["time"]:
        for k in (2, 10, 20):
            starts = [start(x, k, seed) for seed in range(int(sys.argv[2]))]
            seconds, steps = [], 0
            for s in starts:
                fit = model(s)
                t = time.process_time()
                fit.fit(x)
                seconds.append(time.process_time() - t)
                steps += fit.n_iter_
            print(f"k={k}: mean {1e3 * numpy.mean(seconds):.3f} ms, "
                  f"median {1e3 * numpy.median(seconds):.3f} ms, {1e6 * sum(seconds) / steps:.0f} us/step")
    elif sys.argv[1:2] == ["plain"]:
        for k in range(2, 21):
            for seed in range(int(sys.argv[2])):
                print(k, seed, "%.17g %d" % plain(x, start(x, k, seed)))
    else:
        for k in (1, 2, 3, 5, 10, 20):
            seeds = [seed for seed in range(200) if not tied(x, start(x, k, seed))][:3]
            for seed in seeds:
                for tol in (1e-4, 1e-2, 1e-1):
                    fit = model(start(x, k, seed), tol).fit(x)
                    print(f"{{{k}, {seed}, {tol:g}, {fit.inertia_:.17g}, {fit.n_iter_}}},")


if __name__ == "__main__":
    main()
