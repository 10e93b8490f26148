"""The process that opens somebody else's HDF5 file, so that a damaged one cannot end ours.

The HDF5 library trusts what it reads: a few changed bytes can crash it or have it ask for all memory. This
program therefore does nothing else. It reads one line of JSON per request, a list of trace names, and answers
each with one line of JSON, followed by the samples where there are any. What would lead out of the file, soft
and external links, external storage, virtual datasets, is never followed, and no filter beyond the library's
own is run.

Run as ``python -m seismic_lightning.curation.hdf5_child FILE``.
"""

import json
import math
import re
import resource
import sys
from typing import Any, BinaryIO

import h5py
import numpy as np
from numpy.typing import NDArray

MEMORY_BYTES = 4 * 2**30
"""Address space of this process."""
MAX_VALUES = 50_000_000
"""Samples of the largest trace that is read: three components of a day at 192 Hz."""
MAX_TEXT_BYTES = 1000
"""Longest value of ``data_format``."""
FILTERS = frozenset({1, 2, 3, 4, 5, 6, 32000})
"""Registered numbers of deflate, shuffle, fletcher32, szip, n-bit, scale-offset and LZF."""

_INDEX = re.compile(r"-?\d{1,12}")
_SLICE = re.compile(r"(-?\d{1,12})?:(-?\d{1,12})?(?::(\d{1,12})?)?")


class Refused(Exception):  # noqa: N818 - not an error of the package: it is answered, never raised to a user
    """A trace that cannot be read; ``reason`` is one of ``reasons.REASONS``."""

    def __init__(self, reason: str, message: str) -> None:
        """Keep the reason beside the message."""
        super().__init__(message)
        self.reason = reason


def main(path: str, requests: BinaryIO, answers: BinaryIO) -> None:
    """Serve one file until there are no more requests.

    Args:
        path: HDF5 file.
        requests: Lines of JSON, each a list of trace names.
        answers: Where the answers go.
    """
    try:
        file = h5py.File(path, "r", locking=False)
        header: dict[str, Any] = {"data_format": read_format(file)}
    except Refused as refused:
        header = {"error": str(refused)}
    except Exception as error:  # h5py raises what the library's message looks like: OSError, KeyError, ...
        header = {"error": f"{type(error).__name__}: {error}"}
    answers.write(json.dumps(header).encode() + b"\n")
    answers.flush()
    if "error" in header:
        return
    for line in requests:
        for name in json.loads(line):
            answer, content = _answer(file, name)
            answers.write(json.dumps(answer).encode() + b"\n" + content)
        answers.flush()


def read_format(file: h5py.File) -> dict[str, Any]:
    """Read what all traces have in common.

    Args:
        file: Open file.

    Returns:
        Texts and numbers by name; empty where the file does not say.
    """
    if file.get("data_format", getlink=True) is None:
        return {}
    group = follow(file, ["data_format"])
    values: dict[str, Any] = {}
    for name in group:
        dataset = follow(group, [name])
        if isinstance(dataset, h5py.Dataset) and dataset.shape == ():
            if dataset.dtype.itemsize > MAX_TEXT_BYTES:
                raise Refused("unreadable_trace", f"data_format/{name} is too long")
            value = dataset[()]
            if isinstance(value, bytes):
                value = value.decode("utf-8", "replace")
            values[name] = value.item() if isinstance(value, np.generic) else value
    return {name: value for name, value in values.items() if isinstance(value, str | int | float)}


def follow(group: Any, parts: list[str]) -> Any:  # noqa: ANN401 - a group or a dataset of h5py
    """Walk down a file along hard links only.

    Args:
        group: Where to begin.
        parts: Names on the way.

    Returns:
        The group or dataset.

    Raises:
        Refused: Something is missing or leads out of the file.
    """
    for part in parts:
        link = group.get(part, getlink=True) if isinstance(group, h5py.Group) and part else None
        if link is None:
            raise Refused("no_trace", f"the file has no {'/'.join(parts)}")
        if not isinstance(link, h5py.HardLink):
            raise Refused("linked_trace", f"{'/'.join(parts)} is a {type(link).__name__}")
        group = group[part]
    if isinstance(group, h5py.Dataset):
        _check_storage(group, "/".join(parts))
    return group


def selection(text: str, shape: tuple[int, ...]) -> tuple[int | slice, ...]:
    """Read the part of a trace's name that tells which part of a block it is.

    Args:
        text: What follows ``$``, such as ``0,:3,:7001``; empty for all.
        shape: Shape of the block.

    Returns:
        Indices and slices.

    Raises:
        Refused: The text is no selection, or not one of this shape.

    Example:
        >>> selection("0,:3,:7001", (5, 3, 7001))
        (0, slice(None, 3, None), slice(None, 7001, None))
    """
    chosen: list[int | slice] = []
    for part in text.replace(" ", "").split(",") if text else []:
        found = _SLICE.fullmatch(part)
        if _INDEX.fullmatch(part):
            chosen.append(int(part))
        elif found:
            chosen.append(slice(*(int(number) if number else None for number in found.groups())))
        else:
            raise Refused("no_trace", f"${text} is no selection; give one such as $0,:3,:7001")
    fits = len(chosen) <= len(shape) and all(
        not isinstance(part, int) or -size <= part < size for part, size in zip(chosen, shape, strict=False)
    )
    if not fits:
        raise Refused("no_trace", f"${text} does not fit a block of shape {shape}")
    return tuple(chosen)


def _check_storage(dataset: h5py.Dataset, name: str) -> None:
    if dataset.is_virtual or dataset.external:
        raise Refused("linked_trace", f"{name} keeps its samples in another file")
    properties = dataset.id.get_create_plist()
    used = {properties.get_filter(number)[0] for number in range(properties.get_nfilters())}
    if used - FILTERS:
        raise Refused("unreadable_trace", f"{name} needs filters {sorted(used - FILTERS)}")


def _answer(file: h5py.File, name: str) -> tuple[dict[str, Any], bytes]:
    try:
        samples = _read(file, name)
    except Refused as refused:
        return {"reason": refused.reason, "detail": str(refused)}, b""
    except Exception as error:  # as above; a damaged block spoils its traces only
        return {"reason": "unreadable_trace", "detail": f"{type(error).__name__}: {error}"}, b""
    return {"shape": samples.shape, "dtype": samples.dtype.str}, samples.tobytes()


def _read(file: h5py.File, name: str) -> NDArray[Any]:
    place, _, text = name.partition("$")
    dataset = follow(file, ["data", *place.split("/")])
    if not isinstance(dataset, h5py.Dataset) or dataset.dtype.kind not in "iuf" or dataset.shape is None:
        raise Refused("no_trace", f"data/{place} holds no samples")
    chosen = selection(text, dataset.shape)
    parts = [*chosen, *[slice(None)] * (len(dataset.shape) - len(chosen))]
    sizes = [
        len(range(*part.indices(size)))
        for part, size in zip(parts, dataset.shape, strict=True)
        if isinstance(part, slice)
    ]
    if len(sizes) != 2 or not 0 < math.prod(sizes) <= MAX_VALUES:
        raise Refused("no_trace", f"{name} has shape {tuple(sizes)}, which is no trace")
    return _plain(np.asarray(dataset[chosen]))


def _plain(samples: NDArray[Any]) -> NDArray[Any]:
    """Bring samples to int32, float32 or float64, whichever holds them exactly."""
    if samples.dtype.kind == "f":
        return samples.astype("<f8" if samples.dtype.itemsize > 4 else "<f4")
    limits = np.iinfo(np.int32)
    if samples.min() < limits.min or samples.max() > limits.max:
        raise Refused("overflow", "counts do not fit 32-bit integers")
    return samples.astype("<i4")


if __name__ == "__main__":
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)
