"""What tests ask the node on the loopback for."""

from support.fdsn_service import Service

from seismic_lightning.acquisition.settings import (
    AcquisitionSettings,
    FdsnSettings,
    RegionSettings,
    TransferSettings,
)

AFTER_P_S = 50.0
"""The node's records end between 55 and 60 s after P: windows of this length are whole."""
REGION = RegionSettings(38.0, 43.0, 24.0, 33.0)


def fast(**changes: float) -> TransferSettings:
    """Return settings of transfer for a node on the same machine, with little patience."""
    usual = {"requests_per_s": 1e4, "timeout_s": 5.0, "tries": 3, "backoff_s": 0.001, "longest_wait_s": 5.0}
    return TransferSettings(**{"give_up_after": 1000, **usual, **changes})  # type: ignore[arg-type]


def asked_of(
    service: Service, transfer: TransferSettings | None = None, *, end: str = "2024-01-02"
) -> AcquisitionSettings:
    """Return what a test asks a node for: everything of its first day."""
    fdsn = FdsnSettings(node=service.url, networks=["XX"], after_p_s=AFTER_P_S, transfer=transfer or fast())
    return AcquisitionSettings("2024-01-01", end, REGION, fdsn)
