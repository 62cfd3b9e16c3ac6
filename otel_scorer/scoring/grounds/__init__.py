"""Statements and what they are held against: claims, quotes, names, the arithmetic between them."""
