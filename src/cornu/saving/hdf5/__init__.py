"""HDF5 files: written by the HDF5 library, and read byte by byte by files of our own.

`reader.py` gives a whole file as a plain description; each of the others reads one thing of the
HDF5 File Format Specification within bounds. The one file that imports h5py is `writer.py`.
"""

from __future__ import annotations

from cornu.saving.hdf5.arrays import MAX_INFLATION, StoredArray
from cornu.saving.hdf5.attributes import Attributes
from cornu.saving.hdf5.reader import Group, Reader
from cornu.saving.hdf5.types import WIDTHS
from cornu.saving.hdf5.writer import write

__all__ = ["MAX_INFLATION", "WIDTHS", "Attributes", "Group", "Reader", "StoredArray", "write"]
