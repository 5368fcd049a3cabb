"""Keeps a few programs running in the foreground, and takes them all down again.

1. Programs start in their order; each waits until the one before has been ready once.
2. One that dies is started again, after a pause that doubles while it keeps dying.
3. SIGINT, SIGTERM or SIGHUP stops them in the opposite order; another one, a second or more later,
   stops them at once. (`make` passes on what its group got already: that is not impatience.)
4. Each program leads a process group of its own. Whatever it leaves behind is killed with it.
5. If this process is killed outright, the kernel tells the programs to end (Linux).

Everything happens in one thread: a child is told the parent's fate by the thread that forked it.
"""

import contextlib
import ctypes
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, TextIO

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
# One that lived this long has started for good: its next death is its first. Short, because a
# program that is killed now and then must not stay away longer each time.
RECOVERED_AFTER_S = 3.0
GRACE_S = 10.0
URGENT_AFTER_S = 1.0
LOOK_EVERY_S = 0.1
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SET_PARENT_DEATH_SIGNAL = 1


@dataclass(frozen=True)
class Program:
    """A command, and how to tell that it serves (always, where nothing is given)."""

    name: str
    command: tuple[str, ...]
    is_ready: Callable[[], bool] = lambda: True
    #: What the kernel sends it when this process is killed outright.
    last_signal: signal.Signals = signal.SIGTERM


@dataclass
class Child:
    """One program, running or waiting for its next start."""

    program: Program
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    starts_next_at: float = 0.0
    pause_s: float = FIRST_PAUSE_S
    is_ready: bool = False
    has_served: bool = False
    rest: bytes = field(default=b"", repr=False)

    @property
    def is_running(self) -> bool:
        return self.process is not None


def _die_with_parent(last_signal: signal.Signals) -> None:
    """Runs in the child between fork and exec."""
    ctypes.CDLL(None).prctl(SET_PARENT_DEATH_SIGNAL, last_signal)


class Supervisor:
    def __init__(
        self,
        programs: Iterable[Program],
        *,
        folder: Path,
        environment: Mapping[str, str],
        out: TextIO = sys.stdout,
        keep_open: tuple[int, ...] = (),
    ) -> None:
        self.children = [Child(program) for program in programs]
        self.folder = folder
        self.environment = dict(environment)
        self.out = out
        self.keep_open = keep_open
        self.selector = selectors.DefaultSelector()
        self.width = max(len(child.program.name) for child in self.children)
        self.stop_asked_at: float | None = None
        self.is_urgent = False

    def run(self, *, when_ready: Callable[[], None] = lambda: None) -> None:
        """Run until somebody asks to stop; call `when_ready` once, when every program serves."""
        for number in STOP_SIGNALS:
            signal.signal(number, self._ask_to_stop)
        told = False
        try:
            while self.stop_asked_at is None:
                self._start_what_is_due()
                self._relay(timeout_s=LOOK_EVERY_S)
                self._bury_the_dead()
                if not told and all(child.is_ready for child in self.children):
                    told = True
                    when_ready()
        finally:
            self._stop_all()

    def _ask_to_stop(self, number: int, frame: object) -> None:
        if self.stop_asked_at is None:
            self.stop_asked_at = time.monotonic()
        elif time.monotonic() - self.stop_asked_at > URGENT_AFTER_S:
            self.is_urgent = True

    def _start_what_is_due(self) -> None:
        for child in self.children:
            if not child.is_running and time.monotonic() >= child.starts_next_at:
                self._start(child)
            child.is_ready = child.is_running and (child.is_ready or child.program.is_ready())
            child.has_served = child.has_served or child.is_ready
            # Only the first time: later, one that keeps dying must not keep the others down.
            if not child.has_served:
                return

    def _start(self, child: Child) -> None:
        child.process = subprocess.Popen(  # noqa: S603 - our own commands
            child.program.command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=self.keep_open,
            preexec_fn=partial(_die_with_parent, child.program.last_signal)
            if sys.platform == "linux"
            else None,
        )
        child.started_at = time.monotonic()
        output = _output_of(child)
        os.set_blocking(output.fileno(), False)
        self.selector.register(output, selectors.EVENT_READ, child)

    def _relay(self, *, timeout_s: float) -> None:
        """Pass on what the programs print, a line at a time and with their names."""
        for key, _ in self.selector.select(timeout_s):
            chunk = os.read(key.fd, 65536)
            if chunk:
                *lines, key.data.rest = (key.data.rest + chunk).split(b"\n")
                self._print(key.data, lines)
            else:
                self.selector.unregister(key.fileobj)

    def _print(self, child: Child, lines: list[bytes]) -> None:
        for line in lines:
            text = line.decode(errors="replace")
            self.out.write(f"{child.program.name:<{self.width}} | {text}\n")
        self.out.flush()

    def _bury_the_dead(self) -> None:
        for child in self.children:
            if child.process is not None and child.process.poll() is not None:
                code = child.process.returncode
                lived_s = time.monotonic() - child.started_at
                self._bury(child)
                if lived_s > RECOVERED_AFTER_S:
                    child.pause_s = FIRST_PAUSE_S
                child.starts_next_at = time.monotonic() + child.pause_s
                note = f"ended with {code}; starting it again in {child.pause_s:.1f} s"
                self._print(child, [note.encode()])
                child.pause_s = min(child.pause_s * 2, LONGEST_PAUSE_S)

    def _bury(self, child: Child) -> None:
        """Take leave of a program that has ended, and of whatever it has left in its group."""
        assert child.process is not None  # noqa: S101 - the caller has just looked
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait()
        self._relay(timeout_s=0)
        output = _output_of(child)
        with contextlib.suppress(KeyError):
            self.selector.unregister(output)
        output.close()
        self._print(child, [child.rest] if child.rest else [])
        child.process, child.is_ready, child.rest = None, False, b""

    def _stop_all(self) -> None:
        for child in reversed(self.children):
            if child.process is None:
                continue
            child.process.terminate()
            deadline = time.monotonic() + GRACE_S
            while child.process.poll() is None:
                self._relay(timeout_s=LOOK_EVERY_S)
                if self.is_urgent or time.monotonic() > deadline:
                    child.process.kill()
            self._bury(child)


def _output_of(child: Child) -> IO[bytes]:
    assert child.process is not None  # noqa: S101 - only called for a running child
    assert child.process.stdout is not None  # noqa: S101 - opened as a pipe
    return child.process.stdout
