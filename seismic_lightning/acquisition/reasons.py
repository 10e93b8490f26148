"""The names under which windows that were not stored are counted."""

REASONS: dict[str, str] = {
    "bad_request": "the node calls the request wrong (400)",
    "conflicting_overlap": "records hold different samples for the same time",
    "cut_body": "the answer ended before it was whole",
    "empty_body": "an answer without content that does not say 'no data'",
    "forbidden": "the node asks for other credentials (401, 403)",
    "gave_up": "the node is down; nothing more was asked",
    "http_error": "another refusal of the node",
    "no_channel": "the station has no channel of the families at that time",
    "no_data": "the node has no samples of the window",
    "no_origin": "the event has no origin time, latitude or longitude",
    "no_p": "neither an analyst's P nor a modelled one at the station",
    "not_miniseed": "the answer is no miniSEED, such as a page for people",
    "not_xml": "the answer is not the QuakeML or StationXML that was asked for",
    "odd_pick": "P lies before the origin or more than an hour after it",
    "redirected": "the node lives at another address",
    "server_error": "the node failed (500, 502, 503, 504)",
    "timeout": "the node fell silent or took too long",
    "too_busy": "the node asks for fewer requests (429), or for a longer wait than allowed",
    "too_large": "the request is too large for the node, however small (413)",
    "unknown_station": "the node's station metadata lack the station",
    "unreachable": "no connection to the node",
    "unsafe_code": "codes that cannot become a file's name",
    "unsafe_event": "an event identifier that cannot become a file's name",
    "wrong_channel": "records of channels that were not asked for",
    "wrong_time": "records far from the time that was asked for",
}
"""One line of explanation by reason."""

TROUBLE = frozenset({"server_error", "timeout", "too_busy", "unreachable"})
"""Reasons that say something about the node rather than about the request."""
