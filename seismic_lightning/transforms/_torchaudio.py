"""The one place that imports torchaudio, so that it also works beside a CPU-only torch.

The wheels on the Python package index are linked against CUDA: beside a CPU build of torch their compiled
extension cannot be loaded and the whole import fails. The transforms used here are pure Python, so a stand-in
that reports "no extension" is all they need.
"""

import importlib
import sys
from types import ModuleType
from typing import Any


def _stand_in() -> ModuleType:
    """Return a module that answers what torchaudio asks of its compiled extension: nothing is available."""

    def pass_through(function: Any) -> Any:  # noqa: ANN401 - decorates functions of any kind
        return function

    extension = ModuleType("torchaudio._extension")
    extension.__dict__.update(
        _IS_TORCHAUDIO_EXT_AVAILABLE=False, _IS_ALIGN_AVAILABLE=False, fail_if_no_align=pass_through
    )
    return extension


def load_transforms() -> ModuleType:
    """Import ``torchaudio.transforms``, without the compiled extension where that cannot be loaded.

    Returns:
        The module; a second call returns the same one.
    """
    try:
        return importlib.import_module("torchaudio.transforms")
    except OSError:  # the dynamic linker found no CUDA library
        sys.modules["torchaudio._extension"] = _stand_in()
        return importlib.import_module("torchaudio.transforms")


Spectrogram = load_transforms().Spectrogram
