"""A dataset for other tools: filtered or raw miniSEED files, or SeisBench's format."""
