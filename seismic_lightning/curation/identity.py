"""The content address of a dataset: what it was made from and how, without opening a single waveform.

Only the standard library is used, so that a command learns in milliseconds that nothing has changed.
"""

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path
from typing import Any

from seismic_lightning.curation.layout import ArchiveParts, Places, find_parts
from seismic_lightning.curation.settings import EVENTS_LAYOUT, CurationSettings
from seismic_lightning.errors import DatasetError
from seismic_lightning.storage import is_vacant

SCHEMA_VERSION = 4
"""Raised whenever the same archive and settings would yield other files."""
MANIFEST = "dataset.json"
FORMAT = "seismic_lightning dataset"
ABSENT = (-1, -1)
"""Size and modification time of a file that is not there."""


def dataset_id(archive: Path | Places, settings: CurationSettings) -> str:
    """Return the content address of the dataset that an archive and settings lead to.

    Args:
        archive: Archive; its files enter by relative path, size and modification time.
        settings: Everything that decides what the dataset contains.

    Returns:
        SHA-256 as 64 hexadecimal digits.

    Raises:
        ArchiveError: The archive lacks a part.
    """
    parts = find_parts(archive)
    return _address(parts, settings, _states(parts))


class Address:
    """The content address of an archive, taken before and after it was curated.

    Today's files of a running network grow all the time. Where picks decide what is read, the second address
    asks only whether the files that were read, and the tables, are as they were.

    Args:
        archive: Archive.
        settings: Everything that decides what the dataset contains.
    """

    def __init__(self, archive: Path | Places, settings: CurationSettings) -> None:
        """Remember what the address is of."""
        self._archive, self._settings = archive, settings
        self._first: dict[str, tuple[int, int]] = {}
        self.read: Collection[str] | None = None
        """Names of the waveform files that were read; None as long as none were."""

    def __call__(self) -> str:
        """Return the content address at the moment."""
        parts = find_parts(self._archive)
        states = _states(parts)
        if self.read is None:
            self._first = states
        elif parts.layout != EVENTS_LAYOUT:
            states = self._first | {name: states.get(name, ABSENT) for name in sorted(self.read)}
        return _address(parts, self._settings, states)


def _states(parts: ArchiveParts) -> dict[str, tuple[int, int]]:
    """Return size and modification time of the waveform files by their names."""
    return {parts.name_of(path): _size_and_time(path) for path in parts.waveforms}


def _address(parts: ArchiveParts, settings: CurationSettings, states: dict[str, tuple[int, int]]) -> str:
    made_of = [SCHEMA_VERSION, parts.layout, _plain(asdict(settings))]
    digest = hashlib.sha256(json.dumps(made_of, sort_keys=True).encode())
    tables = (
        (*parts.bulletins, *parts.stations)
        if parts.catalogue is None
        else (parts.catalogue, *parts.bulletins, *parts.stations)
    )
    listed = [(parts.name_of(path), _size_and_time(path)) for path in tables]
    for name, state in (*listed, *states.items()):
        digest.update(json.dumps([name, *state]).encode())
    return digest.hexdigest()


def _plain(settings: dict[str, Any]) -> dict[str, Any]:
    """Write every number as a float, so that 40 and 40.0 seconds are the same setting."""
    plain: dict[str, Any] = {}
    for name, value in settings.items():
        nested = _plain(value) if isinstance(value, dict) else value
        plain[name] = float(nested) if isinstance(nested, int) else nested
    return plain


def _size_and_time(path: Path) -> tuple[int, int]:
    """Return size and modification time; a broken link has neither and is refused when it is read."""
    try:
        status = path.stat()
    except OSError:
        return ABSENT
    return status.st_size, status.st_mtime_ns


def read_manifest(dataset_dir: Path) -> dict[str, Any] | None:
    """Read what a dataset says of itself.

    Args:
        dataset_dir: Folder that may hold a dataset.

    Returns:
        Content of its ``dataset.json``, or None where the folder is no dataset.
    """
    try:
        manifest = json.loads((dataset_dir / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return manifest if isinstance(manifest, dict) and manifest.get("format") == FORMAT else None


def write_manifest(folder: Path, identity: str, content: dict[str, Any]) -> dict[str, Any]:
    """Write what makes a folder a dataset.

    Args:
        folder: Folder with all other files.
        identity: Content address.
        content: Unit, components, settings, counts and files.

    Returns:
        The manifest.
    """
    manifest = {"format": FORMAT, "schema_version": SCHEMA_VERSION, "dataset_id": identity, **content}
    (folder / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return manifest


def check_intact(dataset_dir: Path, manifest: dict[str, Any]) -> None:
    """Check that every file of a dataset is there with its size.

    Args:
        dataset_dir: Folder of the dataset.
        manifest: Its ``dataset.json``.

    Raises:
        DatasetError: A file is missing or has another size.
    """
    damage = _damage(dataset_dir, manifest)
    if damage is not None:
        raise DatasetError(f"{damage}. Remove the folder, or curate with overwrite=true.")


def find_fault(dataset_dir: Path) -> str | None:
    """Say what is wrong with the dataset of a folder.

    Args:
        dataset_dir: Where it lies, if it is there.

    Returns:
        A sentence without its full stop, None where the dataset is whole or not there.
    """
    if is_vacant(dataset_dir):
        return None
    manifest = read_manifest(dataset_dir)
    return (
        f"{dataset_dir} lacks a readable {MANIFEST}" if manifest is None else _damage(dataset_dir, manifest)
    )


def _damage(dataset_dir: Path, manifest: dict[str, Any]) -> str | None:
    for name, entry in manifest["files"].items():
        path = dataset_dir / name
        size = path.stat().st_size if path.is_file() else None
        if size != entry["size"]:
            state = "is missing" if size is None else f"has {size} bytes instead of {entry['size']}"
            return f"{dataset_dir} is damaged: {name} {state}"
    return None
