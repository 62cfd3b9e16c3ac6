"""Opens the backend that the settings name."""

from __future__ import annotations

from otel_scorer.errors import UserError
from otel_scorer.online.backend import Backend
from otel_scorer.online.backend_file import FileBackend
from otel_scorer.online.backend_grpc import GrpcBackend
from otel_scorer.online.backend_http import HttpBackend
from otel_scorer.online.backend_settings import BackendSettings
from otel_scorer.online.backend_target import resolve


def open_backend(settings: BackendSettings) -> Backend:
    """A backend that connects when it is first used. UserError for settings that cannot work."""
    if settings.file is not None:
        return FileBackend(settings.file, fsync=settings.file_fsync)
    if settings.endpoint is None:
        raise UserError(
            "backend: neither endpoint nor file is set; give the URL of your tracing backend or a file name"
        )
    target = resolve(settings)
    return GrpcBackend(settings, target) if target.kind == "grpc" else HttpBackend(settings, target)
