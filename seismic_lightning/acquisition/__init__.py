"""From a region and a period to an archive: requests planned by picks, fetched from FDSN nodes, verified."""
