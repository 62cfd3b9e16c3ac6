"""The server's certificate: read with errors a person can act on, and read again when its files change."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import NamedTuple

from otel_scorer.errors import UserError
from otel_scorer.online.receive_settings import ServerTlsSettings


class Pem(NamedTuple):
    cert: bytes
    key: bytes
    client_ca: bytes | None


class ServerCertificate:
    """Certificate, key and client authorities of the receiving side. TLS 1.2 or newer."""

    def __init__(self, settings: ServerTlsSettings) -> None:
        """UserError when a file is missing or is not what it should be."""
        self._settings = settings
        self._stamp = self._files_stamp()
        self.context()

    def pem(self) -> Pem:
        """What is in the files now."""
        ca = self._settings.client_ca
        return Pem(
            _read(self._settings.cert, "receive.tls.cert"),
            _read(self._settings.key, "receive.tls.key"),
            _read(ca, "receive.tls.client_ca") if ca is not None else None,
        )

    def context(self) -> ssl.SSLContext:
        """A fresh context for a server, from what is in the files now."""
        pem = self.pem()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._load(context)
        if pem.client_ca is not None:
            try:
                context.load_verify_locations(cadata=pem.client_ca.decode("ascii", "replace"))
            except (ssl.SSLError, ValueError):
                raise UserError(
                    f"receive.tls.client_ca: {self._settings.client_ca} holds no PEM certificate; give a file that does"
                ) from None
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def changed(self) -> bool:
        """True once after each change of the files. A file that is gone for a moment is no change."""
        try:
            stamp = self._files_stamp()
        except UserError:
            return False
        changed, self._stamp = stamp != self._stamp, stamp
        return changed

    def reload_into(self, context: ssl.SSLContext) -> None:
        """New connections of `context` use what is in the files now; UserError leaves it as it was."""
        self._load(context)

    def _load(self, context: ssl.SSLContext) -> None:
        try:
            context.load_cert_chain(self._settings.cert, self._settings.key)
        except (ssl.SSLError, OSError) as error:
            raise UserError(
                f"receive.tls: {self._settings.cert} and {self._settings.key} are not a PEM certificate and its key "
                f"({getattr(error, 'reason', None) or 'unreadable'}); give files that belong together"
            ) from None

    def _files_stamp(self) -> tuple[tuple[int, int], ...]:
        files = (self._settings.cert, self._settings.key, self._settings.client_ca)
        return tuple(_stamp(path) for path in files if path is not None)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError as error:
        raise UserError(f"receive.tls: {path} cannot be read ({error.strerror}); give a readable PEM file") from None
    return stat.st_mtime_ns, stat.st_ino


def _read(path: Path, setting: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UserError(f"{setting}: {path} cannot be read ({error.strerror}); give a readable PEM file") from None
