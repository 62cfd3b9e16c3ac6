"""Settings of the pipeline between receiver and exporter: completeness, holding, sweeping, scoring work."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class CompleteSettings(BaseModel):
    """When a trace counts as complete (design 2.3)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    quiet_s: float = Field(
        default=6.0, gt=0, description="Quiet time after which a trace whose chains of parents are closed is sealed."
    )
    remote_parent_s: float = Field(
        default=10.0, gt=0, description="Quiet time while an unseen parent is in another process (span flags say so)."
    )
    local_parent_s: float = Field(
        default=120.0,
        gt=0,
        description="Quiet time while an unseen parent is in the same process or unknown; also how long a log record "
        "waits for its span.",
    )
    agent_spans_only: bool = Field(
        default=False,
        description="Only agent spans are routed to us: an AGENT, WORKFLOW or CHAIN span waits `agent_parent_s` "
        "for its parent.",
    )
    agent_parent_s: float = Field(default=30.0, gt=0, description="The wait of `agent_spans_only`.")
    max_age_s: float = Field(default=900.0, gt=0, description="A trace that is not quiet by then is sealed.")
    max_spans: int = Field(default=10_000, gt=0, description="Agent spans of one trace; beyond it, it is sealed early.")
    max_mib: float = Field(default=15.0, gt=0, description="Span bytes of one trace; beyond it, it is sealed early.")


class HoldSettings(BaseModel):
    """How long spans wait for their scores (design 2.1, rule 4)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    span_s: float = Field(default=20.0, gt=0, description="Longest hold of an agent span after it came.")
    root_s: float = Field(
        default=60.0, gt=0, description="Longest hold of an AGENT, WORKFLOW or CHAIN span that may be a root."
    )


class SweepSettings(BaseModel):
    """How sealing and exporting work."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    poll_s: float = Field(default=0.1, gt=0, description="Pause of a sweeper that found nothing due.")
    traces: int = Field(default=100, gt=0, description="Traces that a sweeper claims at once.")
    sweepers: int = Field(default=2, ge=1, description="Sweepers of one `serve` process for each store.")
    batch_traces: int = Field(default=5, ge=1, description="Most traces in one export request.")
    batch_spans: int = Field(default=512, ge=1, description="Most spans in one export request.")
    batch_mib: float = Field(default=1.0, gt=0, description="Most span bytes in one export request.")
    retry_s: float = Field(
        default=5.0,
        gt=0,
        description="Wait before a batch that the backend did not take is sent again, unless it says.",
    )
    give_up_hours: float = Field(
        default=24.0,
        gt=0,
        description="A span over which the backend breaks for so long (HTTP 500 and the like), though it takes others, "
        "is put aside in the quarantine, counted and logged. All else is held: a backend that is away, asks for time, "
        "or refuses us because of our settings, loses nothing.",
    )
    quarantine_hours: float = Field(default=72.0, gt=0, description="How long spans that were put aside are kept.")


SCORING_GRACE_S = 15.0
"""A scoring should end by its deadline; so much later it is stopped."""


class WorkSettings(BaseModel):
    """How traces are handed to Celery workers and scored there (design 2.5)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    concurrency: int = Field(default=16, ge=1, description="Threads of one worker process.")
    deadline_s: float = Field(default=60.0, gt=0, description="Time that one scoring may take, judge calls included.")
    redispatch_s: float = Field(
        default=30.0, gt=0, description="A trace that no worker has taken by then is dispatched again (a lost message)."
    )
    max_attempts: int = Field(default=3, ge=1, description="Scorings of one trace before it ends without a score.")
    max_wait_s: float = Field(
        default=3600.0,
        gt=0,
        description="A trace that nobody has scored so long after it was sealed (no worker runs, or none has its "
        "rubric) ends without a score.",
    )
    max_waiting: int = Field(
        default=10_000, ge=1, description="Traces that may wait for a score; beyond it new ones end `shed`."
    )
    queue: str = Field(default="otel_scorer.score", min_length=1, description="Celery queue.")
    heartbeat_s: float = Field(default=10.0, gt=0, description="A worker that is silent for so long counts as dead.")
