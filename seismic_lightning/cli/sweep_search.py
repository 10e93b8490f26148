"""tmp"""
from seismic_lightning.cli.sweep import GridSweeper
SearchSweeper = GridSweeper
