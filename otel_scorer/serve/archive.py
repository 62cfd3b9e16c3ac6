"""The history database as the service uses it: in threads, opened from the settings."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from pathlib import Path

from otel_scorer.config import Settings
from otel_scorer.errors import OtelScorerError, UserError
from otel_scorer.history.conversations import ConversationHistory
from otel_scorer.history.kept import Kept
from otel_scorer.history.record import Record
from otel_scorer.history.rows import Written
from otel_scorer.history.store import History, HistoryUnavailable
from otel_scorer.ledger.postbox import StreamedRecord

log = logging.getLogger(__name__)
_PRUNE_S = 600.0
_AGAIN_S = 2.0


def _history_of(settings: Settings) -> History:
    """Connects to nothing. Raises UserError."""
    url = settings.history_url
    if url.startswith("sqlite:///"):
        folder = Path(url.removeprefix("sqlite:///")).parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UserError(f"history.url: cannot make {folder}: {error.strerror}: choose another place") from error
    return History(url)


def _kept(record: Record, entry: StreamedRecord) -> Kept:
    return Kept(
        record.tenant,
        record.trace_id,
        # a trace that the backend did not take for an hour has ended long before: it came when it was committed
        max(record.ended_at_ms, entry.written_ms),
        entry.kept,
        user_hash=record.user_hash,
        conversation_id=record.conversation_id,
    )


class Archive:
    """Blocking SQL stays off the event loop."""

    def __init__(self, history: History, settings: Settings) -> None:
        self._history = history
        self._settings = settings
        self._is_open = False
        self._why_not = "not opened yet"

    @staticmethod
    async def open(settings: Settings) -> Archive:
        """The tables are made where they are missing. While the database is away records wait for it in the ledger,
        and spans go their way: `open_until_it_is_there` asks again. Raises UserError.
        """
        archive = Archive(_history_of(settings), settings)
        try:
            await archive._open()
        except HistoryUnavailable as error:
            log.error("we start without the history, records wait for it in the ledger: %s", error)
        except BaseException:
            await archive.close()
            raise
        return archive

    async def open_until_it_is_there(self) -> None:
        """Returns when the database has our tables."""
        while not self._is_open:
            await asyncio.sleep(_AGAIN_S)
            try:
                await self._open()
            except Exception as error:
                self._why_not = str(error)
                log.log(logging.INFO if isinstance(error, HistoryUnavailable) else logging.ERROR, "history: %s", error)

    async def _open(self) -> None:
        await asyncio.to_thread(self._history.open)
        self._is_open = True

    @property
    def conversations(self) -> ConversationHistory:
        """What is known of conversations; it blocks, so ask it in a thread."""
        return self._history.conversations

    async def write(self, streamed: Sequence[StreamedRecord]) -> int:
        """Stores records and kept content; answers how many could not be read. Raises OtelScorerError while the
        database is away, or has not got our tables.
        """
        if not self._is_open:
            raise HistoryUnavailable(self._why_not)
        return await asyncio.to_thread(self._write, streamed)

    def _write(self, streamed: Sequence[StreamedRecord]) -> int:
        written: list[Written] = []
        kept: list[Kept] = []
        for entry in streamed:
            try:
                record = Record.from_json(entry.record)
            except ValueError as error:  # one that nobody can read must not hold up the others
                log.error("the record %s of the ledger's stream is lost: %s", entry.id.decode(), error)
                continue
            written.append((record, entry.record))
            if entry.kept:
                kept.append(_kept(record, entry))
        self._history.store(written, kept)
        return len(streamed) - len(written)

    async def prune_for_ever(self) -> None:
        """Drops what is older or more than the settings allow, now and then; until cancelled."""
        while True:
            try:
                await asyncio.to_thread(self._prune)
            except OtelScorerError as error:
                log.warning("history is not pruned: %s", error)
            await asyncio.sleep(_PRUNE_S)

    def _prune(self) -> None:
        keep = self._settings.keep
        pruned = self._history.prune(
            self._settings.history.days, keep.hours, keep.max_mib * 1024 * 1024, now_ms=int(time.time() * 1000)
        )
        if any((pruned.records, pruned.kept_by_age, pruned.kept_by_size)):
            log.info("history: %s", pruned)

    async def close(self) -> None:
        await asyncio.to_thread(self._history.close)
