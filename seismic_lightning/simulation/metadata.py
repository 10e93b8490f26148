"""Station metadata of a simulated archive: StationXML from which counts become ground motion again.

A channel has one stage of poles and zeros whose gain is the sensitivity, in counts per m/s or m/s^2. Below
the digitiser's filter, which starts at 0.86 of the Nyquist frequency and has no phase, this is the very
response that the counts were made with.

References:
    FDSN (2019), StationXML schema 1.2, https://docs.fdsn.org/projects/stationxml.
"""

from obspy.core.inventory.response import InstrumentSensitivity, PolesZerosResponseStage, Response

from seismic_lightning.codes import COMPONENTS
from seismic_lightning.records.station_writer import ChannelEntry, StationEntry
from seismic_lightning.records.station_writer import stationxml_bytes as write_stationxml
from seismic_lightning.simulation import network as stations
from seismic_lightning.simulation.instrument import FAMILIES, SYNTHESIS_RATE_HZ, poles_zeros

CREATED_NS = 1_761_955_200_000_000_000
"""End of the simulated span: the file must not tell when it was written, or no two would be equal."""


def stationxml_bytes(network: stations.Network, bh_rate_hz: float | None = None) -> bytes:
    """Return the metadata of a network as the content of a StationXML file.

    Args:
        network: Stations with gains.
        bh_rate_hz: Where broadband sensors alone are recorded, as family BH: at which rate.

    Returns:
        XML; the same for the same network.
    """
    rate_hz = SYNTHESIS_RATE_HZ if bh_rate_hz is None else bh_rate_hz
    entries = []
    for row, station in enumerate(network.stations):
        channels = [
            ChannelEntry(
                family + component,
                "",
                rate_hz,
                _response(family, float(network.gain[row, FAMILIES[family].kind])),
            )
            for family in _families(station, bh_rate_hz)
            for component in COMPONENTS
        ]
        place = station.latitude_deg, station.longitude_deg, station.elevation_m, station.start_ns
        entries.append(StationEntry(stations.NETWORK, station.code, station.site, *place, channels))
    return write_stationxml(entries, source="seismic_lightning simulation", created_ns=CREATED_NS)


def _families(station: stations.Station, bh_rate_hz: float | None) -> tuple[str, ...]:
    """Return the families that are recorded of a station."""
    if bh_rate_hz is None:
        return station.families
    return ("BH",) if "HH" in station.families else ()


def _response(family: str, gain: float) -> Response:
    sensor = poles_zeros(family)
    stage = PolesZerosResponseStage(
        stage_sequence_number=1,
        stage_gain=gain,
        stage_gain_frequency=sensor.normalisation_hz,
        input_units=sensor.input_unit,
        output_units="COUNTS",
        pz_transfer_function_type="LAPLACE (RADIANS/SECOND)",
        normalization_frequency=sensor.normalisation_hz,
        normalization_factor=1.0,
        zeros=list(sensor.zeros),
        poles=list(sensor.poles),
    )
    sensitivity = InstrumentSensitivity(gain, sensor.normalisation_hz, sensor.input_unit, "COUNTS")
    return Response(instrument_sensitivity=sensitivity, response_stages=[stage])
