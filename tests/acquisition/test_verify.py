"""What a body must be, record by record, and what it lacks."""

import numpy as np
import pytest

from seismic_lightning.acquisition import verify
from seismic_lightning.acquisition.verify import Stretch
from seismic_lightning.codes import SeedId
from seismic_lightning.errors import AcquisitionError
from seismic_lightning.records.miniseed import miniseed_bytes
from seismic_lightning.records.waveform import Segment

S_NS = 1_000_000_000
START_NS = 1_700_000_000 * S_NS
RATE_HZ = 100.0
CHANNEL = SeedId("KO", "GEML", "", "HHZ")
ASKED = Stretch(CHANNEL, START_NS, START_NS + 70 * S_NS)
COUNTS = np.random.default_rng(5).integers(-9000, 9000, 7001).astype(np.int32)


def part(start_s: float, stop_s: float, counts: np.ndarray | None = None) -> Segment:
    """Return the samples of a time, the last one included."""
    first, last = round(start_s * RATE_HZ), round(stop_s * RATE_HZ)
    samples = COUNTS[first : last + 1] if counts is None else counts
    return Segment(CHANNEL, START_NS + round(start_s * S_NS), RATE_HZ, samples)


def test_a_whole_answer_is_kept_byte_for_byte() -> None:
    body = miniseed_bytes([part(0, 70)])
    found = verify.packets(body, [ASKED])
    [run] = verify.joined(found, ASKED)
    np.testing.assert_array_equal(run.samples, COUNTS)
    assert verify.missing([run], ASKED) == []
    assert verify.content_of(found, [run]) == body


def test_records_in_any_order_and_twice_are_the_same_samples() -> None:
    body = miniseed_bytes([part(30, 70), part(0, 31), part(10, 40)])
    found = verify.packets(body, [ASKED])
    [run] = verify.joined(found, ASKED)
    np.testing.assert_array_equal(run.samples, COUNTS)
    rewritten = verify.packets(verify.content_of(found, [run]), [ASKED])
    np.testing.assert_array_equal(verify.joined(rewritten, ASKED)[0].samples, COUNTS)
    assert sum(packet.segment.samples.size for packet in rewritten) == 7001


@pytest.mark.parametrize("missing_s", [(0.0, 12.0), (20.0, 21.0), (60.0, 70.0)])
def test_what_lacks_is_what_was_not_sent(missing_s: tuple[float, float]) -> None:
    begin_s, end_s = missing_s
    kept = [part(0, begin_s - 0.01)] * (begin_s > 0) + [part(end_s, 70)] * (end_s < 70)
    found = verify.packets(miniseed_bytes(kept), [ASKED])
    [lack] = verify.missing(verify.joined(found, ASKED), ASKED)
    assert lack.start_ns == pytest.approx(START_NS + begin_s * S_NS, abs=S_NS / RATE_HZ)
    assert lack.end_ns == pytest.approx(START_NS + end_s * S_NS, abs=S_NS / RATE_HZ)


def test_a_channel_that_was_not_sent_lacks_as_a_whole() -> None:
    assert verify.missing([], ASKED) == [ASKED]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "empty_body"),
        (b"<!DOCTYPE html><html></html>" * 40, "not_miniseed"),
        (b'{"error": "maintenance"}' * 40, "not_miniseed"),
        (miniseed_bytes([part(0, 70)])[:-1], "cut_body"),
        (miniseed_bytes([part(0, 70)])[:500], "cut_body"),
        (miniseed_bytes([part(0, 70)]) + b"<html>", "cut_body"),
        (miniseed_bytes([part(0, 70)._replace(seed_id=CHANNEL._replace(channel="HHN"))]), "wrong_channel"),
        (miniseed_bytes([part(0, 70)._replace(start_ns=START_NS + 71 * S_NS)]), "wrong_time"),
        (miniseed_bytes([part(0, 70), part(5, 6, COUNTS[:101])]), "conflicting_overlap"),
    ],
)
def test_what_was_not_asked_for_is_refused_by_name(body: bytes, reason: str) -> None:
    with pytest.raises(AcquisitionError) as refused:
        verify.joined(verify.packets(body, [ASKED]), ASKED)
    assert refused.value.reason == reason


def test_an_overlap_at_another_rate_is_a_conflict() -> None:
    slow = part(5, 6)._replace(sampling_rate_hz=50.0)
    found = verify.packets(miniseed_bytes([part(0, 70), slow]), [ASKED])
    with pytest.raises(AcquisitionError, match="different samples"):
        verify.joined(found, ASKED)


def test_samples_outside_are_cut_off_but_one() -> None:
    wide = part(0, 70)._replace(start_ns=START_NS - S_NS)
    asked = ASKED._replace(end_ns=START_NS + 67 * S_NS)
    [run] = verify.joined(verify.packets(miniseed_bytes([wide]), [asked]), asked)
    assert run.start_ns == START_NS - S_NS // 100
    assert run.samples.size == 6703
    np.testing.assert_array_equal(run.samples, COUNTS[99:6802])


def test_floats_are_rewritten_as_they_are() -> None:
    speed = (COUNTS * 1e-9).astype(np.float32)
    doubled = miniseed_bytes([part(0, 70, speed), part(0, 70, speed)])
    found = verify.packets(doubled, [ASKED])
    [run] = verify.joined(found, ASKED)
    again = verify.joined(verify.packets(verify.content_of(found, [run]), [ASKED]), ASKED)
    np.testing.assert_array_equal(again[0].samples, speed)
