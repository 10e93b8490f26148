"""Learn generative models of earthquake records from a seismic network's archive.

The rooms of the package follow the way the data goes: ``records`` and ``curation`` turn an archive into a
dataset, ``transforms`` and ``data`` turn the dataset into batches, ``nn`` and ``models`` learn from them,
``callbacks`` show what is learnt, and ``cli`` holds the commands. Nothing heavy is imported here, so that
every command starts quickly.
"""

__version__ = "0.1.0"
