"""Content of scored traces, packed where it is made, carried and stored as it is, unpacked by who looks at it."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

_LEVEL = 3
"""zlib's: span JSON shrinks to a tenth at once, and higher levels cost several times as much for little."""
_LENGTH = struct.Struct("<Q")


def pack_kept(traces: bytes, logs: bytes = b"") -> bytes:
    """Scrubbed content as it is stored: serialised ExportTraceServiceRequest, ExportLogsServiceRequest; compressed."""
    return zlib.compress(_LENGTH.pack(len(traces)) + traces + logs, _LEVEL)


def with_headers(packed: bytes, headers: Mapping[str, str]) -> bytes:
    """The same content with the request headers that travel with what is sent about it (`X-Scope-OrgID`)."""
    return packed + json.dumps(dict(headers), sort_keys=True).encode() if packed and headers else packed


@dataclass(frozen=True, slots=True)
class Kept:
    """The content of one trace. `packed` is what `pack_kept` made."""

    tenant: str
    trace_id: str
    stored_at_ms: int
    packed: bytes
    user_hash: str = ""
    conversation_id: str = ""

    @property
    def traces(self) -> bytes:
        """Serialised ExportTraceServiceRequest. Unpacks; raises ValueError for what `pack_kept` did not make."""
        return _unpacked(self.packed)[0]

    @property
    def logs(self) -> bytes:
        """Serialised ExportLogsServiceRequest, b"" where no log records belong to the trace. As `traces`."""
        return _unpacked(self.packed)[1]

    @property
    def headers(self) -> Mapping[str, str]:
        """What `with_headers` added. As `traces`."""
        added = _unpacked(self.packed)[2]
        return json.loads(added) if added else {}


def _unpacked(packed: bytes) -> tuple[bytes, bytes, bytes]:
    """Traces, log records, headers."""
    stream = zlib.decompressobj()
    try:
        content = stream.decompress(packed)
        (length,) = _LENGTH.unpack_from(content)
    except (zlib.error, struct.error) as error:
        raise ValueError(f"not kept content: {error}") from None
    return content[_LENGTH.size :][:length], content[_LENGTH.size + length :], stream.unused_data
