"""Settings of scoring whole conversations."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class ConversationSettings(BaseModel):
    """When kept traces of one conversation id are scored together. The rubric is `scoring.by_kind.CONVERSATION`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = Field(
        default=True,
        description="Score conversations of which content is kept (`keep.scored`). Where no trace names one, it costs "
        "nothing.",
    )
    idle_s: float = Field(
        default=900.0,
        gt=0,
        description="A conversation is scored so long after the end of its last trace, and again when it goes on.",
    )
    min_traces: int = Field(
        default=2,
        ge=1,
        description="Fewer traces are no conversation. 1: also several turns within one trace, which its own rubric "
        "scores already.",
    )
    min_turns: int = Field(default=2, ge=1, description="Fewer turns are not scored.")
    max_traces: int = Field(default=100, ge=2, description="Traces that are looked at, the latest.")
    max_mib: float = Field(default=4.0, gt=0, description="Compressed content that is looked at, the latest.")
    look_s: float = Field(default=5.0, gt=0, description="How often is looked for conversations that have ended.")
