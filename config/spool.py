"""Bodies with files: collected on the disk, by the event loop, at the pace of whoever sends."""

import asyncio
import tempfile
from collections.abc import AsyncIterable
from concurrent.futures import ThreadPoolExecutor
from typing import IO

from django.conf import settings

#: Who sends more slowly than this, after a first while, is not waited for.
PATIENCE_S, SLOWEST_BYTES_PER_S = 10.0, 32 * 1024
#: So many at once in each process, each with a file on the disk; the others wait for their turn.
MOST_AT_ONCE = 16
BLOCK_BYTES = 1024 * 1024

_turns = asyncio.Semaphore(MOST_AT_ONCE)
_writers = ThreadPoolExecutor(2, thread_name_prefix="spool")


async def collect(chunks: AsyncIterable[bytes], *, most_bytes: int) -> IO[bytes] | None:
    """Return a file with the body; None where it is larger. Raises `TimeoutError`."""
    async with asyncio.timeout(PATIENCE_S):
        await _turns.acquire()
    try:
        return await _collect(chunks, most_bytes=most_bytes)
    finally:
        _turns.release()


async def _collect(chunks: AsyncIterable[bytes], *, most_bytes: int) -> IO[bytes] | None:
    loop = asyncio.get_running_loop()
    file = await loop.run_in_executor(_writers, _open)
    size, block = 0, bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S) as deadline:
            began = loop.time()
            async for chunk in chunks:
                size += len(chunk)
                if size > most_bytes:
                    file.close()
                    return None
                deadline.reschedule(began + PATIENCE_S + size / SLOWEST_BYTES_PER_S)
                block += chunk
                if len(block) >= BLOCK_BYTES:
                    await loop.run_in_executor(_writers, file.write, bytes(block))
                    block.clear()
        await loop.run_in_executor(_writers, file.write, bytes(block))
        file.seek(0)
    except BaseException:
        file.close()
        raise
    return file


def _open() -> IO[bytes]:
    """Open a file without a name: whatever becomes of us, it goes with us."""
    return tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)
