"""What is said reaches files and pipes whole, whatever their width."""

import logging
from pathlib import Path

import pytest
from rich.table import Table

from seismic_lightning.cli.console import say


def test_no_row_is_cut_where_nobody_looks_at_a_screen(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    heads = [f"a_column_of_its_own_{number}" for number in range(12)]
    table = Table(*heads, title="t" * 50)
    table.add_row(*(f"{number}.{number:0>15}" for number in range(12)))
    say(table, "path/" * 30)
    said = capsys.readouterr().out
    assert "\u2026" not in said
    assert any(all(head in line for head in heads) for line in said.splitlines())
    assert any(all(f"{number}.{number:0>15}" in line for number in range(12)) for line in said.splitlines())
    assert "path/" * 30 in said, "texts are never broken"


def test_long_texts_in_tables_are_folded_at_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    table = Table("what", "found")
    table.add_row("check", "word " * 60)
    say(table)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert "".join(lines).count("word") == 60


def test_the_log_holds_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "run.log"
    handler = logging.FileHandler(path)
    logging.getLogger().addHandler(handler)
    try:
        table = Table(*(f"a_column_of_its_own_{number}" for number in range(12)))
        say(table)
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
    assert path.read_text(encoding="utf-8").strip() == capsys.readouterr().out.strip()
