"""The number of the request that this thread is working on, for the lines of the log."""

from contextvars import ContextVar

#: Blank outside of a request.
current: ContextVar[str] = ContextVar("request_id", default="")
