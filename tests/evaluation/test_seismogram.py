"""The table holds what the single measures find, for three components and for the vertical alone."""

import numpy as np
import pytest
from support.truth import RATE_HZ, KnownRecords, population

from seismic_lightning.errors import EvaluationError
from seismic_lightning.evaluation.seismogram import COLUMNS, NEED_THREE, Known, seismogram_table


@pytest.fixture(scope="module")
def known() -> KnownRecords:
    everything = population()
    return everything.take(everything.magnitude > 2.0)


def asked(known: KnownRecords) -> Known:
    return Known(known.p_s, known.distance_km, known.depth_km, known.back_azimuth_deg, known.kappa_s)


def test_sound_records_tell_all(known: KnownRecords) -> None:
    table = seismogram_table(known.velocity_m_s, RATE_HZ, asked(known))
    assert len(table) == len(known.magnitude)
    assert table.notna().mean().drop(["p_error_s", "corner_hz"]).eq(1.0).all()
    clear = table[table["snr"] > 10.0]
    assert (clear["p_error_s"].abs() < 0.5).mean() > 0.9
    assert (clear["s_minus_p_error_s"].abs() < 0.5).mean() > 0.95
    assert (clear["magnitude"] - known.magnitude[clear.index]).abs().median() < 0.4


def test_a_record_does_not_depend_on_the_others(known: KnownRecords) -> None:
    few = known.take(np.arange(len(known.magnitude)) < 6)
    whole = seismogram_table(few.velocity_m_s, RATE_HZ, asked(few))
    row = few.take(np.arange(6) == 4)
    alone = seismogram_table(row.velocity_m_s, RATE_HZ, asked(row))
    np.testing.assert_allclose(alone.to_numpy()[0], whole.to_numpy()[4], rtol=1e-6)


def test_the_vertical_alone_tells_what_it_can(known: KnownRecords) -> None:
    few = known.take(np.arange(len(known.magnitude)) < 6)
    table = seismogram_table(few.velocity_m_s[:, :1], RATE_HZ, asked(few))
    assert set(table.columns[table.isna().all()]) == set(NEED_THREE)
    whole = seismogram_table(few.velocity_m_s, RATE_HZ, asked(few))
    assert tuple(whole.columns) == tuple(table.columns) == COLUMNS
    np.testing.assert_allclose(table["snr"], whole["snr"])


def test_refusals_name_what_is_wrong(known: KnownRecords) -> None:
    few = known.take(np.arange(len(known.magnitude)) < 6)
    with pytest.raises(EvaluationError, match="depth_km: 6 records need one or as many"):
        seismogram_table(few.velocity_m_s, RATE_HZ, asked(few)._replace(depth_km=[1.0, 2.0]))
    broken = few.velocity_m_s.copy()
    broken[3, 1, 7] = np.nan
    with pytest.raises(EvaluationError, match="the first in record 3"):
        seismogram_table(broken, RATE_HZ, asked(few))
