"""Where batches come from: one file for each kind of data source, one protocol for all."""
