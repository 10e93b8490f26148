"""Instrument responses that others defined, and one with every kind of stage, for tests of ground motion."""

from pathlib import Path

import numpy as np
import obspy
from obspy.core.inventory.response import (
    CoefficientsTypeResponseStage,
    FIRResponseStage,
    InstrumentSensitivity,
    PolesZerosResponseStage,
    Response,
)
from scipy import signal

from seismic_lightning.records.response import frequencies_hz
from seismic_lightning.transforms.response import Instruments

RADIANS = "LAPLACE (RADIANS/SECOND)"


def example(channel: str) -> Response:
    """Return the response of a channel of ObsPy's example inventory."""
    return obspy.read_inventory().select(channel=channel)[0][0][0].response


def many_stages(rate_hz: float, unit: str = "M/S", corner_hz: float = 1 / 120) -> Response:
    """Return sensor, preamplifier, converter, two decimating FIR filters, of which one is not symmetric."""
    angular = 2 * np.pi * corner_hz
    pole = complex(-0.707 * angular, angular * np.sqrt(1 - 0.707**2))
    sensor = PolesZerosResponseStage(
        1, 1500.0, 1.0, unit, "V", RADIANS, 1.0, [0j, 0j], [pole, pole.conjugate()], normalization_factor=1.0
    )
    amplifier = PolesZerosResponseStage(
        2, 2.0, 1.0, "V", "V", RADIANS, 1.0, [], [complex(-2 * np.pi * 80.0)], 2 * np.pi * 80.0
    )
    amplifier.normalization_factor = float(abs(2j * np.pi + 2 * np.pi * 80.0))
    sampled = 10 * rate_hz
    converter = CoefficientsTypeResponseStage(
        3, 4e5, 1.0, "V", "COUNTS", "DIGITAL", numerator=[1.0], denominator=[],
        decimation_input_sample_rate=sampled, decimation_factor=1, decimation_offset=0,
        decimation_delay=0.0, decimation_correction=0.0,
    )  # fmt: skip
    first = signal.firwin(96, 0.16)
    symmetric = FIRResponseStage(
        4, 1.0, 1.0, "COUNTS", "COUNTS", coefficients=[float(tap) for tap in first[:48]], symmetry="EVEN",
        decimation_input_sample_rate=sampled, decimation_factor=5, decimation_offset=0,
        decimation_delay=47.5 / sampled, decimation_correction=47.5 / sampled,
    )  # fmt: skip
    second = signal.minimum_phase(signal.firwin(131, 0.43, window=("kaiser", 9.0)), half=False)
    second /= second.sum()
    minimum = CoefficientsTypeResponseStage(
        5, 1.0, 1.0, "COUNTS", "COUNTS", "DIGITAL", numerator=[float(tap) for tap in second], denominator=[],
        decimation_input_sample_rate=2 * rate_hz, decimation_factor=2, decimation_offset=0,
        decimation_delay=0.1, decimation_correction=0.0,
    )  # fmt: skip
    sensitivity = InstrumentSensitivity(1500.0 * 2.0 * 4e5, 1.0, unit, "COUNTS")
    return Response(
        instrument_sensitivity=sensitivity,
        response_stages=[sensor, amplifier, converter, symmetric, minimum],
    )


def sensor_alone() -> Response:
    """Return a seismometer whose response ends in volts, as a file without its digitiser has it."""
    sensor = many_stages(100.0).response_stages[0]
    stated = InstrumentSensitivity(1500.0, 1.0, "M/S", "V")
    return Response(instrument_sensitivity=stated, response_stages=[sensor])


def instruments(*responses: tuple[Response, float]) -> Instruments:
    """Return responses with the rates of their records as preprocessing takes them."""
    grids = [frequencies_hz(rate_hz) for _, rate_hz in responses]
    curves = [
        response.get_evalresp_response_for_frequencies(
            grid, output="VEL", hide_sensitivity_mismatch_warning=True
        )
        for (response, _), grid in zip(responses, grids, strict=True)
    ]
    sensitivity = [response.instrument_sensitivity.value for response, _ in responses]
    return Instruments(np.array(sensitivity), np.array(grids), np.array(curves))


def equip(archive: Path, respond: dict[str, Response | None]) -> Path:
    """Give channels of an archive, by the end of their SEED id, another response.

    Args:
        archive: Archive whose ``stations.xml`` is written anew.
        respond: Response by the end of ``NET.STA.LOC.CHA``; the longest match counts, "" matches all.
    """
    path = archive / "stations.xml"
    inventory = obspy.read_inventory(path, format="STATIONXML")
    for network in inventory:
        for station in network:
            for channel in station:
                name = f"{network.code}.{station.code}.{channel.location_code}.{channel.code}"
                matches = [end for end in respond if name.endswith(end)]
                if matches:
                    channel.response = respond[max(matches, key=len)]
    inventory.write(str(path), format="STATIONXML")
    return archive
