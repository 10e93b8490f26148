"""What a user got wrong ends in one line that names it and what was probably meant."""

import sys
from pathlib import Path

import pytest

from seismic_lightning.cli.curate import main as curate_main
from seismic_lightning.cli.help import config_folder
from seismic_lightning.cli.train import main as train_main


def refusal(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    monkeypatch.setattr(sys, "argv", ["train.py", *arguments])
    with pytest.raises(SystemExit) as stopped:
        train_main()
    assert isinstance(stopped.value.code, str), "a text makes the exit code 1"
    return stopped.value.code


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("betta=1", "'betta' is not a setting of this command; did you mean 'beta'?"),
        ("window.lengths_s=40", "did you mean 'window.length_s'?"),
        ("model=vea", "model=vea does not exist; did you mean 'vae'?"),
        ("mode=vae", "did you mean 'model'?"),
        ("trainer.max_epoch=3", "did you mean 'trainer.max_epochs'?"),
        ("preprocess.bands_hz.GH=[[1,2]]", "written +preprocess.bands_hz.GH="),
        ("beta=0,5", "beta=0,5: numbers have a decimal point, beta=0.5; or put -m in front"),
        ("model=vae,cvae", "put -m in front for a run with each value, or write model=[vae,cvae]"),
        ("debug=null", "name an option of the group"),
    ],
)
def test_a_mistyped_name_is_answered_with_the_nearest(
    monkeypatch: pytest.MonkeyPatch, argument: str, expected: str
) -> None:
    assert expected in refusal(monkeypatch, argument)


def test_a_setting_of_another_option_is_said_to_be_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", "model=ae", "model.latent_size=32"])
    with pytest.raises(SystemExit, match="another option of 'model' has it"):
        train_main()


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        ("beta=abc", "Float"),
        ("window.length_s=long", "Float"),
        ("data.batch_size=many", "Integer"),
        ("seed=x", "Integer"),
    ],
)
def test_a_wrong_type_names_the_override_and_what_is_accepted(
    monkeypatch: pytest.MonkeyPatch, argument: str, expected: str
) -> None:
    message = refusal(monkeypatch, argument)
    assert message.startswith(f"error: {argument}")
    assert expected in message
    assert "\n" not in message


def test_no_archive_is_one_line_with_the_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    message = refusal(monkeypatch, "data=archive", f"output_dir={tmp_path}")
    assert "archive_dir=" in message
    assert "\n" not in message


def test_curation_without_an_archive_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "argv", ["seismic-curate", f"output_dir={tmp_path}"])
    with pytest.raises(SystemExit, match="archive_dir="):
        curate_main()


def test_the_configuration_folder_holds_the_commands() -> None:
    assert {"train.yaml", "curate.yaml"} <= {path.name for path in config_folder().iterdir()}
