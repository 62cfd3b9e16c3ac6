"""Scores what LLM agents do in production: an OTLP endpoint in front of your own tracing backend."""
