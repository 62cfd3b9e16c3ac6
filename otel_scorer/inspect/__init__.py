"""Looking at traces, scores and stores: read only."""
