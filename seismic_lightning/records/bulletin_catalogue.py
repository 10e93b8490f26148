"""A GSE2.0 bulletin in place of a catalogue: its events and picks by the settings of catalogues."""

from dataclasses import replace
from pathlib import Path

from seismic_lightning.records.bulletin import Bulletin, read_bulletin
from seismic_lightning.records.catalogue import EXPLOSION, Catalogue, is_explosion
from seismic_lightning.records.catalogue_settings import CatalogueSettings


def read_bulletin_catalogue(path: Path, _: str, settings: CatalogueSettings) -> Catalogue:
    """Read the catalogue in a bulletin.

    Args:
        path: GSE2.0 bulletin.
        settings: Which magnitude counts, by default the first that is listed, and whether events whose first
            origin is marked as an explosion are kept.

    Returns:
        Its events and picks; left out are explosions and the lines that were not understood.

    Raises:
        ArchiveError: The file is no bulletin.
    """
    bulletin = read_bulletin(path)
    catalogue = bulletin_catalogue(bulletin, settings)
    return replace(catalogue, left_out=bulletin.left_out | catalogue.left_out)


def bulletin_catalogue(bulletin: Bulletin, settings: CatalogueSettings) -> Catalogue:
    """Return what a bulletin lists, by the settings of catalogues.

    Args:
        bulletin: The bulletin.
        settings: Which magnitude counts, by default the first that is listed, and whether events whose first
            origin is marked as an explosion are kept.

    Returns:
        Its events and picks; left out are explosions alone.
    """
    catalogue = bulletin.catalogue(settings.magnitude_order)
    marked = {
        event.event_id
        for event in bulletin.events
        if event.origins and is_explosion(event.origins[0].event_type or "") and not settings.keep_explosions
    }
    return Catalogue(
        events={name: event for name, event in catalogue.events.items() if name not in marked},
        picks=[pick for pick in catalogue.picks if pick.event_id not in marked],
        left_out={EXPLOSION: len(marked)} if marked else {},
        explosions={name: event for name, event in catalogue.events.items() if name in marked},
    )
