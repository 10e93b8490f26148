"""Files of a folder tree, through links to folders as well; only the standard library is used."""

import os
from collections.abc import Iterator
from pathlib import Path

from seismic_lightning.errors import ArchiveError


def walk(place: Path) -> Iterator[tuple[Path, str]]:
    """List the files of a folder and of all folders below it.

    Observatories link years of data from other disks. A folder is listed once, by its own place where that
    lies in the tree: a link to what is listed already adds nothing, so that links in a circle come to an end.

    Args:
        place: Folder; one that is missing has no files.

    Yields:
        Folder and name of each file, in no order.

    Raises:
        ArchiveError: A folder cannot be listed; without it the dataset would lack its files unnoticed.
    """
    waiting, seen = [place] if place.is_dir() else [], set[str]()
    while waiting:
        links: list[Path] = []
        for start in waiting:
            for root, folders, names in os.walk(start, onerror=_refuse):
                real = os.path.realpath(root)
                if real in seen:
                    folders.clear()
                    continue
                seen.add(real)
                folder = Path(root)
                links += [folder / name for name in folders if (folder / name).is_symlink()]
                for name in names:
                    yield folder, name
        waiting = sorted(links)


def _refuse(error: OSError) -> None:
    raise ArchiveError(f"{error.filename} cannot be listed: {error.strerror}; make it readable.")
