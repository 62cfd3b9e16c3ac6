"""Orders in what an agent read, and whether it obeyed them."""
