"""From what a user asks for to one row per record, in the words of a dataset's metadata.

A record begins a fixed time before P, whose arrival follows from origin time, place and KOERI's layers: as in
training, where the window is cut around P. What lies outside the reach of the training data is marked.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from seismic_lightning.curation.settings import UNITS
from seismic_lightning.errors import ConfigurationError
from seismic_lightning.generation.limits import refuse_far
from seismic_lightning.generation.marks import add_marks
from seismic_lightning.generation.sites import Site, Sites
from seismic_lightning.generation.trained import Trained
from seismic_lightning.generation.wanted import NEEDED, Wanted
from seismic_lightning.records.inventory import Inventory
from seismic_lightning.records.sphere import great_circle
from seismic_lightning.records.travel_time import KOERI

LOCATION_CODE = "SY"
"""Location code that says: synthetic."""
ANY_FAMILY = "HH"
"""Where neither request nor checkpoint names a family."""
NOWHERE = Site("XX", "SYNTH", np.nan, np.nan, np.nan, known=False, sensitivity=None)
"""The station of records without a place: XX is the network that FDSN keeps for what is no network."""
UNSPECIFIED_MAGNITUDE = "M"
"""QuakeML's word for a magnitude of which nobody says the type."""
_ONE_FILE = ["source_id", "station_network_code", "station_code", "station_location_code", "trace_channel"]
"""What the name of a record's file is made of."""
_LOCATION = re.compile(r"[A-Z0-9]{1,2}")


@dataclass(frozen=True)
class Manner:
    """What holds for all requests.

    Attributes:
        inventory: Station metadata that the user names.
        location_code: SEED location code of all records.
        unit: ``counts``, ``mps`` or ``mps2``; None is the unit that the model works in.
        allow_far: Whether to place requests far beyond the training data, rather than to refuse them.
    """

    inventory: Inventory | None = None
    location_code: str = LOCATION_CODE
    unit: str | None = None
    allow_far: bool = False

    def __post_init__(self) -> None:
        """Refuse what no file can say."""
        if not _LOCATION.fullmatch(self.location_code):
            raise ConfigurationError(
                f"location_code={self.location_code!r}: give one or two capitals or digits, such as SY"
            )
        if self.unit is not None and self.unit not in UNITS:
            raise ConfigurationError(f"unit={self.unit}: choose one of {', '.join(UNITS)}, or null")


def request_table(trained: Trained, wanted: Sequence[Wanted], manner: Manner | None = None) -> pd.DataFrame:
    """Place requests in space and time.

    Args:
        trained: The model that is to answer.
        wanted: Requests.
        manner: What holds for all of them.

    Returns:
        One row per request in a dataset's own columns, and ``request``, ``n_records``, ``seed``, marks, and
        ``unit_factor``: what the model's samples are multiplied with.

    Raises:
        BandError: No band for a channel family.
        ConfigurationError: A request does not fit the model or is far beyond its training data, or its
            station is unknown.
    """
    manner = manner or Manner()
    for one in wanted:
        _check_fits(trained, one)
    sites = Sites(trained.conditions, trained.hull, manner.inventory, trained.components)
    families = [_family(trained, one, sites) for one in wanted]
    places = [
        sites.find(one.station, family, one.origin_ns) if one.station is not None else NOWHERE
        for one, family in zip(wanted, families, strict=True)
    ]
    table = _described(wanted, places)
    known = None if trained.hull is None else trained.hull.magnitude_type
    table["source_magnitude_type"] = (known or UNSPECIFIED_MAGNITUDE) if trained.conditional else None
    table["trace_channel"] = families
    table["station_location_code"] = manner.location_code
    _add_times(table, trained, np.array([one.origin_ns for one in wanted], dtype=np.int64))
    _add_bands(table, trained)
    add_marks(table, trained)
    if not manner.allow_far:
        refuse_far(table, wanted, trained.hull)
    unit = manner.unit or trained.unit
    table["trace_unit"] = unit
    table["unit_factor"] = [
        unit_factor(trained.unit, unit, site, family) for site, family in zip(places, families, strict=True)
    ]
    return table


def expand(requests: pd.DataFrame) -> pd.DataFrame:
    """Return one row per record: each request as often as it wants records, counted in ``record``.

    A station has one record of an event. Where several are drawn of one source and station, each draw of the
    source is an event of its own, with the draw's number at the end of its identifier.

    Args:
        requests: As ``request_table`` returns them.
    """
    records = requests.loc[requests.index.repeat(requests["n_records"])]
    number = records.groupby(level=0).cumcount()
    records = records.drop(columns="n_records").assign(record=number).reset_index(drop=True)
    draw = records.groupby(_ONE_FILE).cumcount() + 1
    several = draw.groupby(records["source_id"]).transform("max") > 1
    numbered = records["source_id"] + "-" + draw.astype(str).str.zfill(4)
    return records.assign(source_id=records["source_id"].where(~several, numbered))


def unit_factor(unit: str, wanted: str, site: Site, family: str) -> float:
    """Return what samples are multiplied with to change their unit.

    Args:
        unit: The model's.
        wanted: ``counts``, ``mps`` or ``mps2``.
        site: Station with its sensitivity.
        family: Channel family.

    Raises:
        ConfigurationError: Counts and ground motion cannot be changed into each other here.
    """
    if unit == wanted:
        return 1.0
    name = f"{site.network}.{site.code}"
    motion = unit if wanted == "counts" else wanted
    if wanted != "counts" and unit != "counts":
        raise ConfigurationError(f"unit={wanted}: the model makes {unit}; give unit={unit} or unit=counts")
    if site.sensitivity is None or site.sensitivity.unit != motion:
        found = "no sensitivity" if site.sensitivity is None else f"one in counts per {site.sensitivity.unit}"
        found += "" if site.remark is None else f" ({site.remark})"
        raise ConfigurationError(
            f"unit={wanted}: of {name} {family} there is {found} where counts per {motion} are needed; give "
            f"stations=<StationXML with sensitivities> or leave unit={unit}"
        )
    factor = site.sensitivity.counts_per_unit
    return factor if wanted == "counts" else 1.0 / factor


def _check_fits(trained: Trained, wanted: Wanted) -> None:
    """Refuse a condition for a model without one, and none for a model with one."""
    given = [name for name in NEEDED if getattr(wanted, name) is not None]
    if given and not trained.conditional:
        raise ConfigurationError(
            f"{wanted.where}{', '.join(given)}: {trained.path} holds a {type(trained.model).__name__}, which "
            "knows no condition; give n_records alone, or the checkpoint of a CVAE"
        )
    lacking = [name for name in NEEDED if name not in given]
    if lacking and trained.conditional:
        raise ConfigurationError(
            f"{trained.path} holds a {type(trained.model).__name__}, which also needs "
            f"{', '.join(wanted.where + name for name in lacking)}"
        )


def _family(trained: Trained, wanted: Wanted, sites: Sites) -> str:
    """Return the family asked for, else the one that training saw most: at the station, or anywhere."""
    known = () if trained.hull is None else trained.hull.families
    if wanted.family is None:
        if trained.hull is not None and wanted.station is not None:
            known = trained.hull.families_of(sites.full_name(wanted.station)) or known
        return known[0] if known else ANY_FAMILY
    if known and wanted.family not in known:
        raise ConfigurationError(
            f"{wanted.where}family={wanted.family}: trained on {', '.join(known)}; give one of these"
        )
    return wanted.family


def _described(wanted: Sequence[Wanted], sites: Sequence[Site]) -> pd.DataFrame:
    """Return sources, stations and the path between them; requests of one source share its identifier."""
    sources: dict[tuple[Any, ...], str] = {}
    rows = []
    for number, (one, site) in enumerate(zip(wanted, sites, strict=True)):
        key = (one.magnitude, one.latitude_deg, one.longitude_deg, one.depth_km, one.origin_ns)
        motion = site.sensitivity
        rows.append(
            {
                "source_id": sources.setdefault(key, f"synthetic-{len(sources) + 1:04d}"),
                "source_magnitude": one.magnitude,
                "source_latitude_deg": one.latitude_deg,
                "source_longitude_deg": one.longitude_deg,
                "source_depth_km": one.depth_km,
                "station_network_code": site.network,
                "station_code": site.code,
                "station_latitude_deg": site.latitude_deg,
                "station_longitude_deg": site.longitude_deg,
                "station_elevation_m": site.elevation_m,
                **{
                    f"trace_sensitivity_counts_per_{unit}": motion.counts_per_unit
                    if motion is not None and motion.unit == unit
                    else np.nan
                    for unit in ("mps", "mps2")
                },
                "sensitivity_remark": site.remark,
                "request": number,
                "n_records": one.n_records,
                "seed": one.seed,
            }
        )
    table = pd.DataFrame(rows)
    numbers = [name for name in map(str, table) if name.endswith(("_deg", "_km", "_m", "_magnitude"))]
    return table.astype(dict.fromkeys(numbers, "float64"))


def _add_times(table: pd.DataFrame, trained: Trained, origin_ns: "np.ndarray[Any, Any]") -> None:
    """Add the path, and the times of the record: P stands where it stood in training."""
    distance_km, back_azimuth_deg = great_circle(
        (table["source_latitude_deg"], table["source_longitude_deg"]),
        (table["station_latitude_deg"], table["station_longitude_deg"]),
    )
    depth_km = table["source_depth_km"].to_numpy()
    there = np.isfinite(distance_km)
    arrivals = KOERI.arrivals(np.where(there, distance_km, 0.0), np.where(there, depth_km, 0.0))
    p_s = np.where(there, arrivals.p_s, 0.0)  # without a place the time asked for is that of P
    start_ns = origin_ns + np.round((p_s - trained.before_p_s) * 1e6).astype(np.int64) * 1000
    p_sample = trained.before_p_s * trained.rate_hz
    table["source_origin_time"] = pd.to_datetime(origin_ns, unit="ns", utc=True)
    table.loc[~there, "source_origin_time"] = pd.NaT
    table["trace_start_time"] = pd.to_datetime(start_ns, unit="ns", utc=True)
    table["trace_sampling_rate_hz"] = trained.rate_hz
    table["trace_npts"] = trained.n_samples
    table["trace_components"] = trained.components
    table["trace_p_arrival_sample"] = p_sample
    s_minus_p_s = np.where(there, arrivals.s_s - arrivals.p_s, np.nan)
    s_sample = p_sample + s_minus_p_s * trained.rate_hz
    table["trace_s_arrival_sample"] = np.where(s_sample < trained.n_samples, s_sample, np.nan)
    table["trace_p_status"] = "model"
    table["path_ep_distance_km"] = distance_km
    table["path_hyp_distance_km"] = np.hypot(distance_km, depth_km)
    table["path_back_azimuth_deg"] = back_azimuth_deg


def _add_bands(table: pd.DataFrame, trained: Trained) -> None:
    """Add the passband that training records of such family and magnitude had."""
    preprocess = trained.front.preprocess
    magnitudes = table["source_magnitude"].tolist()
    if not trained.conditional and preprocess.settings.magnitude_edges:
        table[["trace_band_low_hz", "trace_band_high_hz"]] = np.nan  # each drawn record has its own
        return
    rows = preprocess.bands(table["trace_channel"].tolist(), magnitudes)
    corners_hz = preprocess.passbands_hz(trained.rate_hz)[rows].numpy()
    table[["trace_band_low_hz", "trace_band_high_hz"]] = corners_hz
