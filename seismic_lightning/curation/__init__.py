"""From an archive to a dataset: candidates, selection, splits, storage and a report of what was rejected."""
