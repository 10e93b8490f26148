"""Earthquakes of the Marmara region as the Kandilli network would record them: an archive with known truth.

A record is a sum of filtered, windowed noise: seismicity draws events, detection decides which stations read
them, source, path and site give the spectra of P and S, envelopes their shape in time, noise the ground they
stand on, instruments turn metres per second into counts, and artefacts do what telemetry does.
"""
