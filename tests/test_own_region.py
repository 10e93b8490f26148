"""The commands of the page on regions are read out of it and run, against a node on the loopback."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
from support.fdsn_service import serving
from support.simulated import simulated

from seismic_lightning.cli.acquire import main as acquire_main
from seismic_lightning.cli.curate import main as curate_main
from seismic_lightning.cli.train import main as train_main
from seismic_lightning.curation.store import open_dataset

PAGE = Path(__file__).parents[1] / "docs" / "own-region.md"
COMMANDS = "".join(re.findall(r"```sh\n(.*?)```", PAGE.read_text(), re.DOTALL)).splitlines()
QUICK = ["fdsn.transfer.requests_per_s=1e4"]
SHORT = ["window=short", "select.min_snr=0", "select.families=[all]"]
FAST = ["debug=fast", "logger=none", "model.channels=[4,8,8,8]"]


def test_the_page_goes_from_a_box_to_a_model() -> None:
    firsts = [shlex.split(line)[0] for line in COMMANDS]
    assert firsts == ["seismic-acquire"] * 2 + ["seismic-curate", "python", "tensorboard", "python"]
    assert "dry_run=true" in COMMANDS[0]
    assert COMMANDS[0].removesuffix(" dry_run=true") == COMMANDS[1]
    assert all("model=cvae" in line for line in COMMANDS if line.startswith("python"))


def test_the_commands_run_one_after_the_other(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    run_command: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    truth = simulated(tmp_path / "truth", 60)
    with serving(truth) as service:
        for line in COMMANDS:
            for name, place in (("NODE", service.url), ("BULLETINS", str(truth / "bulletins"))):
                line = re.sub(rf"\b{name}\b", place, line)
            words = shlex.split(line)
            if words[0] == "seismic-acquire":
                run_command(acquire_main, *words[1:], *QUICK)
            elif words[0] == "seismic-curate":
                run_command(curate_main, *words[1:], *SHORT)
            elif words[:2] == ["python", "train.py"]:
                koeri = [*SHORT, *QUICK, f"fdsn.node={service.url}"] if "data=koeri" in words else []
                run_command(train_main, *words[2:], *koeri, *FAST)
        assert re.search(r"\d+ windows in \d+ requests", capsys.readouterr().out), "the dry run counts"
        asked = service.n_bytes, len(service.requests)
        run_command(acquire_main, *shlex.split(COMMANDS[1].replace("NODE", service.url))[1:], *QUICK)
        assert "Complete: 60 windows" in capsys.readouterr().out
        assert (service.n_bytes, len(service.requests)) == asked
    expected = {path.name for path in (truth / "waveforms").glob("*/*.mseed")}
    for archive in ("ARCHIVE", "KANDILLI"):
        assert {path.name for path in Path(archive, "waveforms").glob("*/*.mseed")} == expected
    assert len(open_dataset(tmp_path / "DATASET").metadata) >= 45, "a far P leaves less than the short window"
    assert len(list((tmp_path / "outputs").glob("train/*/checkpoints/best.ckpt"))) == 2
