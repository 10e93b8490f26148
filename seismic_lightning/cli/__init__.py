"""The commands; the only room that knows Hydra. Modules here import heavy libraries inside functions."""
