"""Ordinary data for tests: small archives of the simulator, also of two kinds of sensors."""

import shutil
from pathlib import Path

from obspy import read_inventory

from seismic_lightning.records.catalogue import Catalogue, read_quakeml
from seismic_lightning.records.quakeml import quakeml_bytes
from seismic_lightning.simulation.archive import simulate_archive
from seismic_lightning.simulation.settings import SimulationSettings


def simulated(folder: Path, n_records: int, *, seed: int = 0, bh_rate_hz: float | None = None) -> Path:
    """Simulate an archive of sound records.

    Args:
        folder: Folder to make.
        n_records: Event files.
        seed: Seed of the network and the earthquakes.
        bh_rate_hz: 20 or 50 for broadband sensors alone, as BH.

    Returns:
        The folder.
    """
    settings = SimulationSettings(n_records=n_records, seed=seed, artefacts=False, bh_rate_hz=bh_rate_hz)
    return simulate_archive(folder, settings).folder


def of_two_rates(folder: Path, n_records: int) -> Path:
    """Simulate an archive whose first half is at 100 Hz, its second one BH at 50 Hz, of other earthquakes.

    Args:
        folder: Folder to make: event files, one catalogue and one StationXML file.
        n_records: Event files, an even number.

    Returns:
        The folder.
    """
    halves = [folder.with_name(f"{folder.name}-{rate}") for rate in (100, 50)]
    simulated(halves[0], n_records // 2)
    simulated(halves[1], n_records // 2, seed=1, bh_rate_hz=50.0)
    catalogues = [read_quakeml(half / "catalogue.xml") for half in halves]
    events = {name: event for part in catalogues for name, event in part.events.items()}
    picks = [pick for part in catalogues for pick in part.picks]
    inventories = [read_inventory(str(half / "stations.xml")) for half in halves]
    for half in halves:
        shutil.copytree(half / "waveforms", folder / "waveforms", dirs_exist_ok=True)
    (folder / "catalogue.xml").write_bytes(quakeml_bytes(Catalogue(events, picks)))
    (inventories[0] + inventories[1]).write(str(folder / "stations.xml"), format="STATIONXML")
    return folder
