"""The LightningModules: autoencoder, variational autoencoder and conditional variational autoencoder."""
