"""Texts as words: the small change of every lexical check."""
