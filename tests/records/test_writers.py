"""What is written is read back: QuakeML, miniSEED and the text catalogue."""

from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from obspy import read

from seismic_lightning.codes import SeedId
from seismic_lightning.records.catalogue import Catalogue, Event, Pick, read_quakeml
from seismic_lightning.records.kandilli import COLUMNS, ENCODING, NamedEvent, kandilli_bytes
from seismic_lightning.records.miniseed import RECORD_BYTES, miniseed_bytes
from seismic_lightning.records.quakeml import quakeml_bytes
from seismic_lightning.records.waveform import Segment, read_segments

ORIGIN_NS = 1_701_651_440_400_000_000
FULL = Event("20231204005720", ORIGIN_NS, 40.7075, 27.5095, 9.5, 2.3, "ML")
BARE = Event("20231204005721", ORIGIN_NS, None, 27.5, None, None, None)


def pick(phase: str, network: str = "KO", location: str | None = "") -> Pick:
    return Pick(FULL.event_id, network, "A&B", location, "HHZ", phase, ORIGIN_NS + 3_123_456_000, "manual")


def test_quakeml_is_read_back_unchanged(tmp_path: Path) -> None:
    events = {FULL.event_id: FULL, BARE.event_id: BARE}
    catalogue = Catalogue(events, [pick("Pg"), pick("Sg", "", None)])
    path = tmp_path / "catalogue.xml"
    path.write_bytes(quakeml_bytes(catalogue))
    assert read_quakeml(path) == catalogue


def test_no_pick_is_lost_wherever_it_stands(tmp_path: Path) -> None:
    events = {FULL.event_id: FULL, BARE.event_id: BARE}
    picks = [pick("Pg"), replace(pick("Pn"), event_id=BARE.event_id), pick("Sg")]
    path = tmp_path / "catalogue.xml"
    path.write_bytes(quakeml_bytes(Catalogue(events, picks)))
    assert read_quakeml(path).picks == [picks[0], picks[2], picks[1]]


def test_picks_without_their_event_and_events_of_two_names_are_refused() -> None:
    with pytest.raises(ValueError, match="pick of Pg at A&B: no event 20231204005720 is listed"):
        quakeml_bytes(Catalogue({BARE.event_id: BARE}, [pick("Pg")]))
    with pytest.raises(ValueError, match="event 20231204005720 is listed under 1"):
        quakeml_bytes(Catalogue({"1": FULL}, []))


def test_miniseed_keeps_samples_gaps_and_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    samples = rng.integers(-(2**23), 2**23, 3000, dtype=np.int32)
    parts = [
        Segment(SeedId("KO", "ADVT", "", "HHZ"), ORIGIN_NS, 100.0, samples[:1000]),
        Segment(SeedId("KO", "ADVT", "", "HHZ"), ORIGIN_NS + 20 * 10**9, 100.0, samples[2000:]),
        Segment(SeedId("KO", "ADVT", "", "HHN"), ORIGIN_NS, 50.0, samples[:1]),
    ]
    content = miniseed_bytes(parts)
    assert content == miniseed_bytes(parts)
    assert len(content) % RECORD_BYTES == 0
    path = tmp_path / "a.mseed"
    path.write_bytes(content)
    found = {(s.seed_id.channel, s.start_ns): s for s in read_segments(path)}
    assert len(found) == len(parts)
    for part in parts:
        segment = found[part.seed_id.channel, part.start_ns]
        assert segment.sampling_rate_hz == part.sampling_rate_hz
        np.testing.assert_array_equal(segment.samples, part.samples)
    assert [trace.stats.mseed.encoding for trace in read(path, format="MSEED")] == ["STEIM2"] * 3


def test_a_catalogue_line_holds_what_the_observatory_exports() -> None:
    text = kandilli_bytes([NamedEvent(FULL, "GEMLIK KORFEZI (MARMARA DENIZI)")]).decode(ENCODING)
    table = pd.read_csv(StringIO(text), sep="\t", dtype={"Deprem Kodu": str})
    assert tuple(table.columns) == COLUMNS
    row = table.iloc[0]
    assert (row["Deprem Kodu"], row["Olus tarihi"], row["Olus zamani"]) == (
        "20231204005720",
        "2023.12.04",
        "00:57:20.40",
    )
    assert (row["xM"], row["ML"], row["Mw"], row["Tip"]) == (2.3, 2.3, 0.0, "Ke")
    assert (row["Enlem"], row["Boylam"], row["Der(km)"]) == (40.7075, 27.5095, 9.5)


def test_an_incomplete_event_has_no_catalogue_line() -> None:
    with pytest.raises(ValueError, match="20231204005721: a catalogue line needs"):
        kandilli_bytes([NamedEvent(BARE, "GEMLIK")])
