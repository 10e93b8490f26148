"""Where a model works: ``device``, which every command that uses a trained model has."""

from seismic_lightning.errors import ConfigurationError


def device_of(name: str) -> str:
    """Check that a device is there.

    Args:
        name: Such as ``cpu`` or ``cuda``.

    Raises:
        ConfigurationError: It is not.
    """
    import torch

    try:
        torch.empty(1, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).split("\n")[0]
        raise ConfigurationError(f"device={name} cannot be used: {reason}; device=cpu always can.") from error
    return name
