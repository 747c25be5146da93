"""MANY tubes and lots: batches over local processes."""
