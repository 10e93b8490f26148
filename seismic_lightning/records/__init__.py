"""Catalogues, station metadata, waveforms, travel times and quality: ObsPy's world as plain rows."""
