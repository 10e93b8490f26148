"""Train a model: ``python train.py model=vae beta=0.5``."""

from seismic_lightning.cli.train import main

if __name__ == "__main__":
    main()
