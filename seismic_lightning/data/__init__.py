"""A curated dataset as batches: the DataModule, its loaders, condition scaling and the station vocabulary."""
