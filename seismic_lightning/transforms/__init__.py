"""Batched tensor-to-tensor signal processing on any device; no files, no configuration."""
