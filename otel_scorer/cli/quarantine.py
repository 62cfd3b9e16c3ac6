"""`otel-scorer quarantine`."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import typer

from otel_scorer.cli import options
from otel_scorer.errors import LedgerError, UserError

if TYPE_CHECKING:
    from otel_scorer.ledger.postbox import Quarantined
    from otel_scorer.ledger.settings import LedgerSettings


def quarantine(
    config: options.ConfigFile = None,
    data_dir: options.DataDir = None,
    as_json: options.AsJson = False,
    assignments: options.Assignments = None,
) -> None:
    """Lists spans that the backend refused for good: which, when and why.

    Example: [bold]otel-scorer quarantine --data-dir otel-scorer-data[/bold]
    """
    from otel_scorer.inspect import quarantine as inspection

    settings = options.settings_of(config, assignments, given=options.place_given(data_dir, None, None))
    items = asyncio.run(_quarantined(settings.ledger))
    if as_json:
        typer.echo(json.dumps(inspection.to_plain(items), indent=2))
    elif items:
        options.console().print(inspection.render(items))
    else:
        typer.echo("Nothing is in quarantine: the backend has refused no span.")


async def _quarantined(settings: LedgerSettings) -> list[Quarantined]:
    """Of all stores, oldest first. UserError where one does not answer."""
    from otel_scorer.ledger.client import StoreClient
    from otel_scorer.ledger.keys import Keys
    from otel_scorer.ledger.postbox import Postbox

    found: list[Quarantined] = []
    for url in options.store_urls(settings):
        client = StoreClient(url, settings.silence_s)
        try:
            found += await Postbox(client, Keys(settings.prefix)).quarantined()
        except LedgerError as error:
            raise UserError(
                f"ledger: {client.name} does not answer ({error}); is otel-scorer running, and is this its store?"
            ) from None
        finally:
            await client.close()
    return sorted(found, key=lambda item: item.at_ms)
