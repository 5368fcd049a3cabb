"""Counts the statements that reach PostgreSQL, by listening on the wire.

A statement is one request that waits for one answer: a simple query, or a Sync after Parse, Bind
and Execute. So BEGIN, COMMIT, savepoints and health checks count like everything else.
"""

import socket
import struct
import threading
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

_QUERY, _SYNC = b"Q", b"S"


@dataclass
class StatementCounter:
    """A proxy in front of a PostgreSQL server. `url` is where clients connect instead."""

    database_url: str
    count: int = 0
    url: str = ""
    _listener: socket.socket = field(init=False, repr=False)

    def __enter__(self) -> "StatementCounter":
        self._listener = socket.create_server(("127.0.0.1", 0))
        port = self._listener.getsockname()[1]
        parts = urlsplit(self.database_url)
        user = f"{parts.netloc.rpartition('@')[0]}@" if "@" in parts.netloc else ""
        self.url = urlunsplit(parts._replace(netloc=f"{user}127.0.0.1:{port}"))
        self.url += "?sslmode=disable&gssencmode=disable"
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        parts = urlsplit(self.database_url)
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection((parts.hostname, parts.port or 5432))
            for each in (client, server):
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._forward, args=(client, server), daemon=True).start()
            threading.Thread(target=_copy, args=(server, client), daemon=True).start()

    def _forward(self, client: socket.socket, server: socket.socket) -> None:
        """Pass on what the client says, message by message. The first message has no type."""
        buffer, has_begun = b"", False
        while chunk := _receive(client):
            buffer += chunk
            while (size := _size(buffer, has_begun=has_begun)) and len(buffer) >= size:
                self.count += has_begun and buffer[:1] in (_QUERY, _SYNC)
                buffer, has_begun = buffer[size:], True
            server.sendall(chunk)
        server.close()


def _size(buffer: bytes, *, has_begun: bool) -> int:
    """Return the length of the message at the start of the buffer; 0 if it is not there yet."""
    start = 1 if has_begun else 0
    if len(buffer) < start + 4:
        return 0
    return start + int(struct.unpack("!I", buffer[start : start + 4])[0])


def _copy(source: socket.socket, target: socket.socket) -> None:
    while chunk := _receive(source):
        target.sendall(chunk)
    target.close()


def _receive(source: socket.socket) -> bytes:
    try:
        return source.recv(65536)
    except OSError:
        return b""
