"""A GSE2.0 bulletin in place of a catalogue: its events and picks by the settings of catalogues."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from seismic_lightning.records.bulletin import read_bulletin
from seismic_lightning.records.bulletin_rows import ReportedEvent
from seismic_lightning.records.catalogue import EXPLOSION, Catalogue, Event, is_explosion
from seismic_lightning.records.catalogue_settings import CatalogueSettings, choose_magnitude


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
    catalogue = bulletin.catalogue()
    explosions = {
        event.event_id
        for event in bulletin.events
        if event.origins and is_explosion(event.origins[0].event_type or "") and not settings.keep_explosions
    }
    events = {
        event.event_id: _measured(catalogue.events[event.event_id], event, settings)
        for event in bulletin.events
        if event.event_id not in explosions
    }
    picks = [pick for pick in catalogue.picks if pick.event_id not in explosions]
    left_out = bulletin.left_out | ({EXPLOSION: len(explosions)} if explosions else {})
    return Catalogue(events, picks, left_out)


def _measured(event: Event, reported: ReportedEvent, settings: CatalogueSettings) -> Event:
    """Choose the magnitude by the order of the settings, if they have one."""
    if settings.magnitude_order is None:
        return event
    chosen = choose_magnitude(_magnitudes(reported), settings.magnitude_order)
    if chosen is None:
        return replace(event, magnitude=None, magnitude_type=None)
    return replace(event, magnitude=chosen[1], magnitude_type=chosen[0] or None)


def _magnitudes(reported: ReportedEvent) -> Iterator[tuple[str, float]]:
    for origin in reported.origins:
        for size in origin.magnitudes:
            if not size.bound:
                yield size.kind or "", size.value
