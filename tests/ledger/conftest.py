"""A real Valkey, emptied for each test."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest
from ledger.small_traces import LIMITS

from otel_scorer.ledger.client import StoreClient
from otel_scorer.ledger.embedded import EmbeddedValkey, start_valkey
from otel_scorer.ledger.settings import LedgerSettings
from otel_scorer.ledger.store import Ledger


@pytest.fixture(scope="module")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedValkey]:
    server = start_valkey(tmp_path_factory.mktemp("v"))
    yield server
    server.stop()


@pytest.fixture
async def ledger(valkey: EmbeddedValkey) -> AsyncIterator[Ledger]:
    client = StoreClient(valkey.url, 20.0)
    await client.redis.flushall()
    yield Ledger(client, LedgerSettings(), LIMITS)
    await client.close()
