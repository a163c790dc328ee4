"""Large pictures, prepared in a process of their own.

Decoding one can take more memory than the app may have, and holds up Python for a while.
"""

from __future__ import annotations

import asyncio
from typing import Any

from inkstand.errors import InvalidPictureError, PictureTooLargeError, RequestError
from inkstand.media_types import BYTES
from inkstand.pictures import conversion
from inkstand.rendering import Framing, Tone
from inkstand.worker_process import Limits, ask, serve, to_bytes, to_text

_MODULE = "inkstand.pictures.worker"
# A panel for which a picture is prepared that is only looked at.
_SMALL = conversion.Look((200, 96))
# Seconds; the slowest board needs about twenty for the largest picture.
_PATIENCE = 60.0
_ERRORS = {error.code: error for error in (InvalidPictureError, PictureTooLargeError)}


async def prepare(data: bytes, said: str, look: conversion.Look) -> bytes:
    """Return what conversion.prepare() returns; another process does it if it is costly.

    Raises:
        InvalidPictureError, PictureTooLargeError: see convert().
    """
    if await asyncio.to_thread(conversion.is_costly, data):
        return await convert(data, said, look)
    return await asyncio.to_thread(conversion.prepare, data, said, look)


async def check(data: bytes) -> None:
    """Do nothing if `data` is a picture that can be shown.

    Raises:
        InvalidPictureError, PictureTooLargeError: see convert().
    """
    await prepare(data, BYTES, _SMALL)


async def convert(data: bytes, said: str, look: conversion.Look) -> bytes:
    """Return what conversion.prepare() returns, with another process doing it.

    Raises:
        InvalidPictureError, PictureTooLargeError: see there; the latter also for one that takes
            more memory or time than there is.
    """
    order = {
        "data": to_text(data),
        "said": said,
        "size": look.size,
        "framing": look.framing,
        "tone": look.tone,
    }
    answer = await ask(_MODULE, order, Limits(_PATIENCE))
    if answer is None:
        raise PictureTooLargeError(
            "This picture takes more memory or time than there is; make it smaller"
        )
    if "code" in answer:
        raise _ERRORS[answer["code"]](answer["detail"])
    return to_bytes(answer["png"])


def _answer(order: dict[str, Any]) -> dict[str, Any]:
    width, height = order["size"]
    look = conversion.Look((width, height), Framing(order["framing"]), Tone(order["tone"]))
    try:
        png = conversion.prepare(to_bytes(order["data"]), order["said"], look)
    except RequestError as error:
        return {"code": error.code, "detail": str(error)}
    return {"png": to_text(png)}


if __name__ == "__main__":
    serve(_answer)
