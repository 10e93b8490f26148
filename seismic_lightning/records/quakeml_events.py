"""QuakeML files event by event, so that memory does not grow with the catalogue.

ObsPy reads a file as a whole, and an event takes a hundred times its size in the file. Here the file is cut
into events, and ObsPy reads a few at a time.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lxml import etree

if TYPE_CHECKING:
    import obspy.core.event

EVENTS_AT_A_TIME = 64
ROOT = "{http://quakeml.org/xmlns/quakeml/1.2}quakeml"


def iterate_events(path: Path) -> Iterator["obspy.core.event.Event"]:
    """Read the events of a QuakeML file in their order.

    Args:
        path: QuakeML 1.2 file.

    Yields:
        One event at a time.

    Raises:
        ValueError: The file is XML, but no QuakeML.
        lxml.etree.XMLSyntaxError: The file is no XML, or ends early.
    """
    from obspy.io.quakeml.core import Unpickler  # here: ObsPy is slow to import

    with path.open("rb") as file:
        for batch in _batches(file):
            yield from Unpickler().loads(batch)


def _batches(file: BinaryIO) -> Iterator[bytes]:
    """Cut a file into documents of a few events each."""
    events: list[bytes] = []
    namespace = ""
    # Entities stay unresolved: a file of others must not make this process read or grow.
    elements = etree.iterparse(file, events=("start", "end"), resolve_entities=False, no_network=True)
    for place, (moment, element) in enumerate(elements):
        if place == 0 and element.tag != ROOT:
            raise ValueError(f"the root element is {element.tag}, not {ROOT}")
        if moment == "start" or not _is_event(element):
            continue
        events.append(etree.tostring(element, with_tail=False))
        namespace = etree.QName(element).namespace or ""
        _forget(element)
        if len(events) == EVENTS_AT_A_TIME:
            yield _document(events, namespace)
            events.clear()
    if events:
        yield _document(events, namespace)


def _is_event(element: etree._Element) -> bool:
    parent = element.getparent()
    if parent is None or not isinstance(element.tag, str):
        return False
    names = (etree.QName(parent).localname, etree.QName(element).localname)
    return names == ("eventParameters", "event")


def _forget(element: etree._Element) -> None:
    """Free an element that has been read, and its elder siblings."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]


def _document(events: list[bytes], namespace: str) -> bytes:
    head = f'<q:quakeml xmlns:q="{etree.QName(ROOT).namespace}" xmlns="{namespace}">'
    parameters = b'<eventParameters publicID="smi:local/part">' + b"".join(events) + b"</eventParameters>"
    return head.encode() + parameters + b"</q:quakeml>"
