"""The parts that models are built of: blocks, encoder, decoder, posteriors and the condition encoder."""
