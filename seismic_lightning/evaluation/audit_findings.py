"""What an audit found: one row per check, as a table for the screen and as files.

A verdict is ``ok``; ``note``, true of the data and nothing that a setting would mend; ``warning``, worth
knowing before figures are believed; or ``error``: figures of the test split would not mean what they say.
"""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from seismic_lightning.storage import write_atomically

if TYPE_CHECKING:
    from rich.table import Table

AUDIT_CSV = "audit.csv"
AUDIT_JSON = "audit.json"

Verdict = Literal["ok", "note", "warning", "error"]


class Finding(NamedTuple):
    """One row of an audit.

    Attributes:
        what: Name of the check.
        found: What was looked at and what came out, with numbers.
        verdict: What it means; see the module.
        remedy: What to do about it, empty where there is nothing to do.
    """

    what: str
    found: str
    verdict: Verdict
    remedy: str = ""


def errors(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings that an audit fails for."""
    return [finding for finding in findings if finding.verdict == "error"]


def findings_table(findings: Sequence[Finding], title: str) -> "Table":
    """Lay findings out for the screen.

    Args:
        findings: Rows in the order to show them.
        title: What was audited.

    Returns:
        A renderable of rich, for the caller to print; without remedies where none is needed.
    """
    from rich.table import Table  # here: an audit within a program needs no screen

    table = Table(title=title, title_justify="left", show_lines=True)
    shown = Finding._fields if any(finding.remedy for finding in findings) else Finding._fields[:-1]
    for column in shown:
        table.add_column(column, overflow="fold")  # settings named in a remedy stay readable
    for finding in findings:
        table.add_row(*finding[: len(shown)])
    return table


def write_findings(folder: Path, findings: Sequence[Finding], about: dict[str, str | None]) -> None:
    """Write ``audit.csv``, the rows alone, and ``audit.json``, with what was audited.

    Args:
        folder: Folder of the run.
        findings: The rows.
        about: What was audited, as plain values.

    Raises:
        StorageError: A file cannot be written.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(Finding._fields)
    writer.writerows(findings)
    write_atomically(folder / AUDIT_CSV, text.getvalue().encode())
    content = {**about, "findings": [finding._asdict() for finding in findings]}
    write_atomically(folder / AUDIT_JSON, (json.dumps(content, indent=1) + "\n").encode())
