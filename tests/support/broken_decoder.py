"""Stands in for the process that decodes GSE waveforms and fails in the way that the file's name asks for."""

import json
import os
import sys
import time
from pathlib import Path

SEGMENT = (
    '{"segments": [{"codes": ["", "A", "", "HHZ"], "start_ns": 0, "sampling_rate_hz": 1.0, "n_samples": 3}]}'
)


def main() -> None:
    """Say that all is well, then fail at every file that is not called ``sound``."""
    _say('{"ready": true}')
    for line in sys.stdin:
        name = Path(json.loads(line)["path"]).stem
        if name == "die":
            os.abort()
        elif name == "hang":
            time.sleep(60)
        elif name == "nonsense":
            _say("\x00\x01 no JSON")
        elif name == "short":
            _say('{"segments": [{"codes": ["", "A", "", "HHZ"], "start_ns": 0, "sampling_rate_hz": 1.0}]}')
        elif name == "half":
            _say(SEGMENT)
            _say("\x00" * 7)
            return
        else:
            _say('{"segments": []}')


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
