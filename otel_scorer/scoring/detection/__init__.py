"""Personal data and secrets in text, found by shape, checksum and the words beside them."""
