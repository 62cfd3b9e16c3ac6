"""The tables, alike in SQLite and PostgreSQL, and the version of their shape.

What is asked for in queries has a column; the whole record stands beside it as canonical JSON. Names begin with
`otel_scorer_`, because the database may be shared.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

SCHEMA_VERSION = 2
"""Raised with every change of shape, together with a step in `schema.py` that brings older tables there."""

metadata = MetaData()

schema = Table("otel_scorer_schema", metadata, Column("version", Integer, nullable=False))

records = Table(
    "otel_scorer_records",
    metadata,
    # The trace id comes first in the key, so that it alone finds a record.
    Column("trace_id", String, primary_key=True),
    Column("tenant", String, primary_key=True),
    Column("kind", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("ended_at_ms", BigInteger, nullable=False),
    Column("status", String, nullable=False),
    Column("label", String, nullable=False),
    Column("rule", String, nullable=False),
    Column("probability", Double),
    Column("service", String, nullable=False),
    Column("agent", String, nullable=False),
    Column("model", String, nullable=False),
    Column("conversation_id", String, nullable=False),
    Column("response_id", String, nullable=False),
    Column("user_hash", String, nullable=False),
    Column("rubric", String, nullable=False),
    Column("rubric_digest", String, nullable=False),
    Column("evaluator", String, nullable=False),
    Column("factual_grounding", SmallInteger),
    Column("privacy_and_safety", SmallInteger),
    Column("instruction_adherence", SmallInteger),
    Column("optimal_plan_execution", SmallInteger),
    Column("composite", Double),
    Column("coverage", Double),
    Column("latency_s", Double),
    Column("total_tokens", BigInteger),
    Column("body", Text, nullable=False),
    # An index comes with the query that needs it: every trace pays for each, and one over ids that come in no order
    # costs as much as the row itself.
    Index("otel_scorer_records_time", "ended_at_ms"),
    Index("otel_scorer_records_user", "tenant", "user_hash"),
)
records_conversation = Index(
    "otel_scorer_records_conversation",
    records.c.conversation_id,
    records.c.tenant,
    # The latest of a conversation are asked for, and one name may stand for all of an application's traces.
    records.c.ended_at_ms,
    # Only traces of conversations pay for it.
    sqlite_where=records.c.conversation_id != "",
    postgresql_where=records.c.conversation_id != "",
)

kept = Table(
    "otel_scorer_kept",
    metadata,
    Column("trace_id", String, primary_key=True),
    Column("tenant", String, primary_key=True),
    Column("stored_at_ms", BigInteger, nullable=False),
    # Before the content: SQLite reads a row from its front, and need not follow a long value to know its size.
    Column("size", BigInteger, nullable=False),
    Column("user_hash", String, nullable=False),
    Column("conversation_id", String, nullable=False),
    Column("packed", LargeBinary, nullable=False),
    Index("otel_scorer_kept_age", "stored_at_ms", "size"),
    Index("otel_scorer_kept_user", "tenant", "user_hash"),
    Index("otel_scorer_kept_conversation", "tenant", "conversation_id"),
)

conversations = Table(
    "otel_scorer_conversations",
    metadata,
    # One row for each conversation of which content was kept. `last_ms` only grows, also where older traces come late:
    # by it is told what one look has seen.
    Column("conversation_id", String, primary_key=True),
    Column("tenant", String, primary_key=True),
    Column("last_ms", BigInteger, nullable=False),
    # Since when it waits for a look; NULL: nothing new has come.
    Column("waiting_ms", BigInteger),
)
conversations_waiting = Index(
    "otel_scorer_conversations_waiting",
    conversations.c.waiting_ms,
    sqlite_where=conversations.c.waiting_ms.is_not(None),
    postgresql_where=conversations.c.waiting_ms.is_not(None),
)
