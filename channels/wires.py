"""Connecting to an address that was checked, and speaking HTTP over it within a time."""

import io
import socket
import ssl
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from http.client import HTTPException
from typing import Any

CONNECT_TIMEOUT_S = 5.0


class CallFailedError(Exception):
    """Nobody answered, or nothing that is HTTP: `code` is timeout, connection, tls or protocol."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Wire:
    """A socket with one deadline for all that goes over it: drop by drop does not help.

    It has what `http.client` asks of a socket. `patience_s` is the longest wait for the next byte.
    """

    def __init__(self, sock: socket.socket, *, deadline: float, patience_s: float) -> None:
        self._sock, self._deadline, self._patience_s = sock, deadline, patience_s

    def __enter__(self) -> "Wire":
        return self

    def __exit__(self, *_: object) -> None:
        self._sock.close()

    def sendall(self, data: Any) -> None:
        self._sock.settimeout(self._wait())
        self._sock.sendall(data)

    def receive_into(self, buffer: Any) -> int:
        self._sock.settimeout(self._wait())
        return self._sock.recv_into(buffer)

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Stream(self))

    def close(self) -> None:
        """Do nothing: `http.client` closes before all was read. Whoever opened it closes it."""

    def _wait(self) -> float:
        return min(_left(self._deadline), self._patience_s)


def connect(
    addresses: Sequence[str],
    port: int,
    *,
    deadline: float,
    patience_s: float,
    tls: tuple[ssl.SSLContext, str] | None,
) -> Wire:
    """Connect to the first address that takes us. `tls`: prove that it is the host of this name.

    Raises what sockets raise.
    """
    refused: OSError = ConnectionError("no address")
    for address in addresses:
        patience = min(CONNECT_TIMEOUT_S, _left(deadline))
        try:
            plain = socket.create_connection((address, port), timeout=patience)
        except OSError as error:
            refused = error
            continue
        if tls is None:
            return Wire(plain, deadline=deadline, patience_s=patience_s)
        try:
            plain.settimeout(min(_left(deadline), patience_s))
            secured = tls[0].wrap_socket(plain, server_hostname=tls[1])
        except BaseException:
            plain.close()
            raise
        return Wire(secured, deadline=deadline, patience_s=patience_s)
    raise refused


@contextmanager
def explained() -> Iterator[None]:
    """Turn whatever goes wrong on a wire into a `CallFailedError`."""
    try:
        yield
    except TimeoutError:
        raise CallFailedError("timeout") from None
    except ssl.SSLError as error:
        raise CallFailedError("tls") from error
    except OSError as error:
        raise CallFailedError("connection") from error
    except (HTTPException, ValueError) as error:
        raise CallFailedError("protocol") from error


@lru_cache(maxsize=1)
def trusted() -> ssl.SSLContext:
    """Return how certificates are checked: as this machine trusts them."""
    return ssl.create_default_context()


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Stream(io.RawIOBase):
    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        return self._wire.receive_into(buffer)
