"""The same earthquakes in every accepted catalogue format, as small files in the real layouts."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from seismic_lightning.records.catalogue import Event

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TURKISH_TIME = timedelta(hours=3)


class Quake(NamedTuple):
    """An event with all its magnitudes; its identifier is its origin time to the second, as at Kandilli."""

    time: datetime
    latitude_deg: float
    longitude_deg: float
    depth_km: float
    magnitudes: dict[str, float]
    place: str
    kind: str = "Ke"

    @property
    def event_id(self) -> str:
        """Return the code by which Kandilli's files call it."""
        return f"{self.time:%Y%m%d%H%M%S}"

    def event(self, magnitude_type: str | None) -> Event:
        """Return the row that a reader has to come to, with one of the magnitudes."""
        return Event(
            self.event_id,
            (self.time - EPOCH) // timedelta(seconds=1) * 1_000_000_000,
            self.latitude_deg,
            self.longitude_deg,
            self.depth_km,
            None if magnitude_type is None else self.magnitudes[magnitude_type],
            magnitude_type,
        )


GEMLIK = Quake(
    datetime(2024, 1, 3, 17, 33, 35, tzinfo=UTC),
    40.4418, 28.8985, 8.0, {"ML": 1.4}, "GEMLIK KORFEZI (MARMARA DENIZI)",
)  # fmt: skip
NEW_DAY = Quake(
    datetime(2024, 7, 31, 23, 2, 0, tzinfo=UTC),
    40.7075,
    27.5095,
    9.5,
    {"ML": 3.2, "MD": 3.4},
    "ÇINARCIK, YALOVA",
)
UNMEASURED = Quake(datetime(2024, 8, 1, 0, 0, 5, tzinfo=UTC), 39.1, 29.25, 5.0, {}, "SİMAV-(KÜTAHYA)")
BLAST = Quake(datetime(2024, 8, 2, 9, 0, 0, tzinfo=UTC), 41.25, 28.75, 0.0, {"ML": 1.7}, "TAŞ OCAĞI", "Sm")
EARTHQUAKES = (GEMLIK, NEW_DAY, UNMEASURED)

SEARCH_HEADER = (
    "No\tDeprem Kodu\tOlus tarihi\tOlus zamani\tEnlem\tBoylam\tDer(km)\txM\tMD\tML\tMw\tMs\tMb\tTip\tYer"
)
LIST_HEADER = (
    "Tarih      Saat      Enlem(N)  Boylam(E) Derinlik(km)  MD   ML   Mw    Yer          Çözüm Niteliği"
)


def search_rows(quakes: Iterable[Quake]) -> list[str]:
    """Return rows of Kandilli's event search; a full minute is written as the 60th second before."""
    return [
        "\t".join(
            [
                f"{number:06d}", quake.event_id, f"{quake.time:%Y.%m.%d}", _clock(quake.time),
                f"{quake.latitude_deg:.4f}", f"{quake.longitude_deg:.4f}", f"{quake.depth_km:.1f}",
                f"{max(quake.magnitudes.values(), default=0.0):.1f}",
                *(f"{quake.magnitudes.get(kind, 0.0):.1f}" for kind in ("MD", "ML", "Mw", "Ms", "Mb")),
                quake.kind, quake.place,
            ]
        )
        for number, quake in enumerate(quakes, start=1)
    ]  # fmt: skip


def search_text(quakes: Iterable[Quake]) -> bytes:
    return "\n".join([SEARCH_HEADER, *search_rows(quakes), ""]).encode("cp1254")


def search_page(quakes: Iterable[Quake]) -> bytes:
    rows = search_rows(quakes)
    lines = [
        f"<b>Toplam: {len(rows)} deprem</b><br>",
        f"{SEARCH_HEADER}<br>",
        *(f"{row}<br>" for row in rows),
    ]
    return "<html><body>{}</body></html>".format("\n".join(lines)).encode("cp1254")


def list_rows(quakes: Iterable[Quake], separator: str = "  ") -> list[str]:
    """Return rows of the list of latest earthquakes, in local time."""
    return [
        separator.join(
            [
                f"{quake.time + TURKISH_TIME:%Y.%m.%d}", f"{quake.time + TURKISH_TIME:%H:%M:%S}",
                f"{quake.latitude_deg:.4f}", f"{quake.longitude_deg:.4f}", f"{quake.depth_km:.1f}",
                *(str(quake.magnitudes.get(kind, "-.-")) for kind in ("MD", "ML", "Mw")),
                quake.place.replace(" ", separator), "İlksel",
            ]
        )
        for quake in quakes
    ]  # fmt: skip


def list_page(quakes: Iterable[Quake]) -> bytes:
    heading = [
        "",
        "  TÜRKİYE VE YAKIN ÇEVRESİNDEKİ SON DEPREMLER",
        "",
        LIST_HEADER,
        "---------- --------",
        "",
    ]
    rows = "\r\n".join([*heading, *list_rows(quakes)])
    head = "<html><head><title>2024 listesi</title></head>\r\n<body>"
    return f"{head}\r\n<pre>{rows}\r\n</pre>\r\n1 2 3</body></html>".encode("cp1254")


def list_csv(quakes: Iterable[Quake]) -> bytes:
    header = "Tarih,Saat,Enlem(N),Boylam(E),Derinlik(km),MD,ML,Mw,Yer,Çözüm Niteliği"
    return "\r\n".join([header, *list_rows(quakes, ","), ""]).encode("cp1254")


def code_csv(quakes: Iterable[Quake]) -> bytes:
    rows = [
        f"{quake.event_id},{quake.time:%Y-%m-%d},{quake.latitude_deg:.4f},{quake.longitude_deg:.4f},"
        f"{quake.depth_km:g},{quake.magnitudes.get('ML', 0):g},{quake.magnitudes.get('MD', 0):g},"
        f'"{quake.place}"'
        for quake in quakes
    ]
    return "\n".join(["id,tarih,enlemn,boylame,derinlikkm,ml,md,yer", *rows, ""]).encode()


def declared_csv(quakes: Iterable[Quake]) -> bytes:
    """Return a CSV file with columns of its own names, times with an offset, and an empty line at the end."""
    header = "when;depth;ID;lat;lon;local;duration;what;place"
    rows = [
        f"{quake.time + TURKISH_TIME:%Y-%m-%dT%H:%M:%S}+03:00;{quake.depth_km};{quake.event_id};"
        f"{quake.latitude_deg};{quake.longitude_deg};{quake.magnitudes.get('ML', '')};"
        f'{quake.magnitudes.get("MD", "")};{_word(quake)};"{quake.place}"'
        for quake in quakes
    ]
    return "\n".join([header, *rows, "", ""]).encode()


DECLARED = {
    "source_id": "ID",
    "source_origin_time": "when",
    "source_latitude_deg": "lat",
    "source_longitude_deg": "lon",
    "source_depth_km": "depth",
    "source_magnitude_ML": "local",
    "source_magnitude_MD": "duration",
    "source_type": "what",
}


def own_csv(quakes: Iterable[Quake]) -> bytes:
    """Return a CSV file in our names, its times without an offset."""
    columns = {"source_origin_date": "", **DECLARED}
    rows = [
        f"{quake.time:%Y-%m-%d},{quake.event_id},{quake.time:%H:%M:%S},{quake.latitude_deg},{quake.longitude_deg},"
        f"{quake.depth_km},{quake.magnitudes.get('ML', 'nan')},{quake.magnitudes.get('MD', '')},{quake.kind}"
        for quake in quakes
    ]
    return "\n".join([",".join(columns), *rows]).encode()


def bulletin(quakes: Iterable[Quake]) -> bytes:
    """Return a bulletin as Kandilli sends it: no message header, no arrivals here."""
    lines = []
    for quake in quakes:
        sizes = "  ".join(f"{kind} {value:3.1f} 17" for kind, value in quake.magnitudes.items())
        place = f"{quake.latitude_deg:8.4f} {quake.longitude_deg:9.4f}    {quake.depth_km:5.1f}"
        lines += [
            f"EVENT {quake.event_id}",
            "   Date       Time       Latitude Longitude    Depth    Ndef Nsta Gap    Mag1  N    Mag2  N",
            "",
            f"{quake.time:%Y/%m/%d %H:%M:%S}.0    {place}      20   17  53  {sizes}",
            f"      0.12{'':38}+- 0.9    0.11   1.09{'':34}m i {quake.kind.lower()}",
            "",
            quake.place,
            "",
        ]
    return "\n".join(lines).encode("cp1254")


def quakeml(quakes: Iterable[Quake]) -> bytes:
    """Return QuakeML whose preferred magnitude is not the first."""
    events = []
    for quake in quakes:
        sizes = "".join(
            f'<magnitude publicID="smi:local/{quake.event_id}/{kind}"><mag><value>{value}</value></mag>'
            f"<type>{kind}</type></magnitude>"
            for kind, value in reversed(quake.magnitudes.items())
        )
        preferred = next(iter(quake.magnitudes), None)
        named = f"<preferredMagnitudeID>smi:local/{quake.event_id}/{preferred}</preferredMagnitudeID>"
        events.append(
            f'<event publicID="smi:local/event/{quake.event_id}">{named if preferred else ""}'
            f"<type>{_word(quake)}</type>"
            f'<origin publicID="smi:local/{quake.event_id}">'
            f"<time><value>{quake.time:%Y-%m-%dT%H:%M:%SZ}</value></time>"
            f"<latitude><value>{quake.latitude_deg}</value></latitude>"
            f"<longitude><value>{quake.longitude_deg}</value></longitude>"
            f"<depth><value>{1000 * quake.depth_km}</value></depth></origin>{sizes}</event>"
        )
    head = (
        '<q:quakeml xmlns:q="http://quakeml.org/xmlns/quakeml/1.2" xmlns="http://quakeml.org/xmlns/bed/1.2">'
    )
    body = f'<eventParameters publicID="smi:local/all">{"".join(events)}</eventParameters></q:quakeml>'
    return f'<?xml version="1.0" encoding="utf-8"?>\n{head}\n{body}\n'.encode()


class Written(NamedTuple):
    """A format: its writer, and what it can say."""

    write: Callable[[Iterable[Quake]], bytes]
    says_time: bool = True
    says_kind: bool = True
    columns: dict[str, str] | None = None


FORMATS = {
    "quakeml": Written(quakeml),
    "search": Written(search_text),
    "search_page": Written(search_page),
    "list_page": Written(list_page, says_kind=False),
    "list_csv": Written(list_csv, says_kind=False),
    "codes": Written(code_csv, says_time=False, says_kind=False),
    "declared_csv": Written(declared_csv, columns=DECLARED),
    "own_csv": Written(own_csv),
    "bulletin": Written(bulletin),
}


def _clock(time: datetime) -> str:
    if time.second == 0:
        return f"{time - timedelta(minutes=1):%H:%M}:60.00"
    return f"{time:%H:%M:%S}.00"


def _word(quake: Quake) -> str:
    return "earthquake" if quake.kind == "Ke" else "quarry blast"
