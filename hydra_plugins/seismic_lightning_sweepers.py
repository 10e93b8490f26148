"""The sweepers under the one name from which Hydra accepts plugins; their code is in ``cli``."""

from seismic_lightning.cli import sweep, sweep_search


class GridSweeper(sweep.GridSweeper):
    """Every combination of the given values, once each."""


class SearchSweeper(sweep_search.SearchSweeper):
    """The next values by what the last ones gave."""
