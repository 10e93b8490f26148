"""Fixtures shared by all rooms: one small simulated archive and its dataset, made once per session."""

from collections.abc import Callable
from pathlib import Path

import pytest
from support.archive import write_archive
from support.checkpoints import write_checkpoint
from support.simulated import of_two_rates

from seismic_lightning.curation.build import curate
from seismic_lightning.curation.settings import CurationSettings, SelectionSettings, WindowSettings
from seismic_lightning.models.ae import AE
from seismic_lightning.models.cvae import CVAE
from seismic_lightning.models.vae import VAE

SHORT = CurationSettings(
    window=WindowSettings(before_p_s=10.0, length_s=20.0), select=SelectionSettings(min_snr=0.0)
)
"""Twenty-second windows: enough for P and S of the nearer records, and fast."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a thorough run damage more files: ``pytest tests/records --mutants 10000``."""
    parser.addoption("--long", action="store_true", help="also run tests marked long, which take minutes")
    parser.addoption(
        "--slurm", action="store_true", help="also run tests marked slurm, which start a cluster"
    )
    parser.addoption("--mutants", type=int, default=2000, help="damaged copies of each kind of file")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is marked ``long`` or ``slurm``, unless an option of that name asks for it."""
    unwanted = [name for name in ("long", "slurm") if not config.getoption(f"--{name}")]
    left_out = [item for item in items if any(item.get_closest_marker(name) for name in unwanted)]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)


@pytest.fixture(scope="session")
def archive_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a simulated archive of sixty records, half of them at 100 Hz, the others at 50 Hz."""
    return of_two_rates(tmp_path_factory.mktemp("observatory") / "archive", 60)


@pytest.fixture(scope="session")
def dataset_dir(archive_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the curated dataset of that archive."""
    folder = tmp_path_factory.mktemp("curated") / "dataset"
    curate(archive_dir, folder, SHORT)
    return folder


@pytest.fixture(scope="session")
def day_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an archive of twelve events within one day at three stations."""
    return write_archive(tmp_path_factory.mktemp("day") / "archive", n_events=12, n_stations=3)


@pytest.fixture(scope="session")
def day_dataset(day_archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the curated dataset of that archive."""
    folder = tmp_path_factory.mktemp("curated_day") / "dataset"
    curate(day_archive, folder, SHORT)
    return folder


@pytest.fixture(scope="session")
def cvae_checkpoint(dataset_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the checkpoint of a CVAE that makes ground velocity."""
    path = tmp_path_factory.mktemp("cvae") / "cvae.ckpt"
    return write_checkpoint(
        dataset_dir, path, CVAE, preprocess={"units": "sensitivity"}, latent_size=8, residual="speckle"
    )


@pytest.fixture(scope="session")
def vae_checkpoint(dataset_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the checkpoint of a VAE that makes counts."""
    return write_checkpoint(dataset_dir, tmp_path_factory.mktemp("vae") / "vae.ckpt", VAE, latent_size=8)


@pytest.fixture(scope="session")
def ae_checkpoint(dataset_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the checkpoint of an autoencoder."""
    return write_checkpoint(dataset_dir, tmp_path_factory.mktemp("ae") / "ae.ckpt", AE)


@pytest.fixture
def run_command(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Return a function that runs a command's ``main`` with overrides as the terminal would."""

    def run(main: Callable[[], None], *overrides: str) -> None:
        monkeypatch.setattr("sys.argv", ["command", *overrides])
        main()

    return run
