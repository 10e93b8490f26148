"""Read a few at a time, events are what ObsPy reads from the whole file."""

from pathlib import Path

import pytest
from lxml import etree
from obspy import read_events

from seismic_lightning.records import quakeml_events
from seismic_lightning.records.quakeml_events import iterate_events


@pytest.mark.parametrize("at_a_time", [1, 5, 64])
def test_events_are_those_of_obspy(
    archive_dir: Path, at_a_time: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quakeml_events, "EVENTS_AT_A_TIME", at_a_time)
    whole = list(read_events(str(archive_dir / "catalogue.xml"), format="QUAKEML"))
    assert len(whole) > 5
    assert list(iterate_events(archive_dir / "catalogue.xml")) == whole


def test_a_file_that_ends_early_is_refused(archive_dir: Path, tmp_path: Path) -> None:
    content = (archive_dir / "catalogue.xml").read_bytes()
    (tmp_path / "catalogue.xml").write_bytes(content[: len(content) // 2])
    with pytest.raises(etree.XMLSyntaxError):
        list(iterate_events(tmp_path / "catalogue.xml"))


def test_other_xml_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalogue.xml").write_text("<html><event/></html>")
    with pytest.raises(ValueError, match="root element is html"):
        list(iterate_events(tmp_path / "catalogue.xml"))


def test_entities_of_a_hostile_file_read_nothing(tmp_path: Path, archive_dir: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    content = (archive_dir / "catalogue.xml").read_text()
    declaration = f'<!DOCTYPE x [<!ENTITY leak SYSTEM "file://{tmp_path}/secret">]>'
    head, _, rest = content.partition("?>")
    text = "<description><text>&leak;</text></description><preferredOriginID>"
    hostile = f"{head}?>{declaration}{rest.replace('<preferredOriginID>', text)}"
    assert "&leak;" in hostile
    (tmp_path / "catalogue.xml").write_text(hostile)
    with pytest.raises(etree.XMLSyntaxError, match="leak"):
        list(iterate_events(tmp_path / "catalogue.xml"))
