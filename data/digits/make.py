#!/usr/bin/python3
"""Makes digits.h5 from the copy of the data in Debian's python3-sklearn.

    /usr/bin/python3 data/digits/make.py [digits.csv.gz] [digits.h5]

The same bytes for every run with the same version of HDF5: no times, fixed order, no compression."""
import os
import sys

import h5py
import numpy

SOURCE = "/usr/lib/python3/dist-packages/sklearn/datasets/data/digits.csv.gz"
TARGET = os.path.join(os.path.dirname(os.path.abspath(__file__)), "digits.h5")


def make(source, target):
    table = numpy.loadtxt(source, delimiter=",")
    pixels, digits = table[:, :-1], table[:, -1]
    assert table.shape == (1797, 65), table.shape
    assert (pixels == pixels.astype("u1")).all() and pixels.min() == 0 and pixels.max() == 16
    assert set(digits) == set(range(10))

    with h5py.File(target, "w", libver="earliest") as f:
        f.attrs["title"] = numpy.string_("Optical recognition of handwritten digits, test set")
        f.attrs["source"] = numpy.string_("E. Alpaydin, C. Kaynak (1998), UCI Machine Learning Repository, "
                                          "doi:10.24432/C50P49")
        f.attrs["license"] = numpy.string_("CC BY 4.0")
        for name, size in (("sample", 1797), ("pixel", 64)):
            scale = f.create_dataset(name, (size,), ">f4", track_times=False)
            scale.make_scale(f"This is a netCDF dimension but not a netCDF variable. {size:9d}")
        x = f.create_dataset("x", data=pixels.astype("u1"), track_times=False)
        y = f.create_dataset("y", data=digits.astype("u1"), track_times=False)
        for data, text in ((x, "8 x 8 pixels in rows, 0 (white) to 16 (black)"), (y, "the digit drawn")):
            data.attrs["long_name"] = numpy.string_(text)
            data.attrs["units"] = numpy.string_("1")
            data.dims[0].attach_scale(f["sample"])
        x.dims[1].attach_scale(f["pixel"])


if __name__ == "__main__":
    make(sys.argv[1] if len(sys.argv) > 1 else SOURCE, sys.argv[2] if len(sys.argv) > 2 else TARGET)
