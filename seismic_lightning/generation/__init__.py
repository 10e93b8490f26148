"""From a request to records that never were: spectrograms, waveforms and files that say so."""
