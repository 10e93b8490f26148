"""What a command says on the terminal: tables, a progress bar, closing lines."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from seismic_lightning.cli.processes import is_first_process

_ENDLESS = 10_000
"""Characters, more than any table needs."""


def say(*parts: RenderableType) -> None:
    """Print texts and tables, once however many processes train; only a terminal too narrow cuts tables."""
    if not is_first_process():
        return
    screen = Console(soft_wrap=True)
    whole = Console(soft_wrap=True, width=_whole_width(parts, screen.width), color_system=None)
    console = screen if screen.is_terminal else whole
    for part in parts:
        console.print(part, highlight=False, markup=False)
        with whole.capture() as captured:
            whole.print(part, highlight=False, markup=False, no_wrap=True)
        write_to_log(captured.get().rstrip())


def _whole_width(parts: tuple[RenderableType, ...], least: int) -> int:
    """Return how wide a page must be that cuts no word of any table."""
    endless = Console(width=_ENDLESS)
    tables = [part for part in parts if not isinstance(part, str)]
    return max([least, *(Measurement.get(endless, endless.options, table).minimum for table in tables)])


def write_to_log(text: str) -> None:
    """Write to the run's log file what the terminal shows anyway."""
    record = logging.LogRecord("seismic_lightning", logging.INFO, "", 0, text, None, None)
    for handler in logging.getLogger().handlers:
        if isinstance(handler, logging.FileHandler):
            handler.emit(record)


@contextmanager
def progress_bar(description: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar from the first news on; yields a function that takes (done, total)."""
    with progress_of_steps() as advance:
        yield lambda done, total: advance(description, done, total)


@contextmanager
def progress_of_steps() -> Iterator[Callable[[str, int, int], None]]:
    """Show a bar that says what it counts; yields a function that takes (doing, done, total)."""
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    bar = Progress(*columns)
    task = bar.add_task("", total=None)
    now = ""

    def advance(doing: str, done: int, total: int) -> None:
        nonlocal now
        bar.start()
        if doing != now:
            bar.reset(task, description=doing, total=total)
            now = doing
        bar.update(task, completed=done, total=total)

    try:
        yield advance
    finally:
        if bar.live.is_started:
            bar.stop()
