"""The names under which files and picks that did not become records are counted."""

REASONS: dict[str, str] = {
    "bad_code": "a network, station or location code of the header is not made of capitals and digits",
    "damaged": "the reader complains about the file",
    "dead_component": "a component has one value throughout the window",
    "duplicate": "another file holds the same event, station and family",
    "empty_file": "the file has no bytes",
    "extra_channels": "more than three channels of one family in one file",
    "family_not_selected": "the channel family is not in select.families",
    "fractions": "fractional samples in a dataset whose first trace holds integers",
    "gaps": "a component lacks more of the window than select.max_gap",
    "linked_trace": "the samples lie behind a link to elsewhere, which is never followed",
    "low_snr": "no component exceeds select.min_snr",
    "missing_component": "components that the dataset asks for have no samples",
    "mixed_rates": "the components have different sampling rates",
    "name_mismatch": "the file's name and folder disagree with its headers",
    "no_event": "the file's name begins with no event of the catalogue",
    "no_family": "the table does not give the channel family of the trace",
    "no_file": "a P pick without a waveform file of its event and station",
    "no_magnitude": "the event has no magnitude",
    "no_onset": "no pick, and no depth or no first P arrival to model one",
    "no_orientation": "azimuths or dips of the sensor are unknown",
    "no_origin": "the event has no origin time, latitude or longitude",
    "no_samples": "the file holds headers or text but no samples",
    "no_snr": "the ratio cannot be measured: no samples, or only zeros, before P",
    "no_station": "the station metadata do not list the station at that time",
    "no_time": "the table does not give the start time or the sampling rate of the trace",
    "no_trace": "the HDF5 file has no such trace, or it has another shape than a trace",
    "not_an_event_file": "a file among the waveforms that is not waveforms/<family>/<name>.mseed",
    "not_finite": "samples are NaN or infinite",
    "odd_rate": "the clock drifts half a sample or more from a nominal rate within the window",
    "other_unit": "samples are in another unit than the dataset's",
    "overflow": "counts do not fit 32-bit integers",
    "overlap": "two segments hold different samples for the same time",
    "too_short": "less than a second of the file lies in the window",
    "unreadable": "no reader accepts the file as miniSEED",
    "unreadable_trace": "the HDF5 file is damaged where the trace lies, or needs a filter of others",
}
"""One line of explanation by reason."""

APART = ("no_event", "no_file", "not_an_event_file")
"""Reasons of what is listed apart: it never was a candidate, having no event or no file."""

REMEDIES: dict[str, str] = {
    "dead_component": "check the sensor",
    "duplicate": "keep one file per event, station and family",
    "family_not_selected": "name the families in select.families, or select.families=[all]",
    "gaps": "shorten window.length_s, or raise select.max_gap",
    "low_snr": "lower select.min_snr, or check the picks and origins",
    "missing_component": "fetch all three components, or keep the vertical alone with components=Z",
    "name_mismatch": "rename the files to <event>_<NET>_<STA>[_<LOC>]_<family>.mseed",
    "no_family": "say data.source.family=HH, or the family that is true",
    "no_magnitude": "give the events magnitudes in the catalogue",
    "no_onset": "give depths or P picks in the catalogue",
    "no_orientation": "give azimuths in stations.xml, or orientation=as_is",
    "no_snr": "check the origin times and picks against the files",
    "no_station": "give the stations in stations.xml",
    "other_unit": "set select.unit",
    "too_short": "check the origin times and picks against the files",
}
"""What to change about the reasons that a setting or the archive's owner can remedy."""
