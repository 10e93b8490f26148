"""From requests to records: drawing, interpolating, and writing what was made."""
