"""Bad input: tokens, bodies and pictures that a server on the internet gets to see."""

from __future__ import annotations

import base64
import io
import json
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import jwt
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

_JSON = {"Content-Type": "application/json"}
_EARLIER, _LATER = 946_684_800, 4_102_444_800


@dataclass(frozen=True, slots=True)
class Bad:
    """A request that is wrong in some way; `token`: None for a good one."""

    method: str
    path: str
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    token: str | None = None


def everything(good: str) -> list[Bad]:
    """Return the corpus; `good` is a token to damage."""
    return [*_tokens(good), *_bodies(), *_pictures(), *_others()]


def _tokens(good: str) -> Iterator[Bad]:
    claims = {"sub": "owner", "exp": _LATER, "jti": "0" * 16}
    forged = [jwt.encode(claims, "k" * 64, algorithm) for algorithm in ("HS256", "HS384", "HS512")]
    header, payload, signature = good.split(".")
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    forged += [f"{none}.{payload}.", f"{none}.{payload}.{signature}", f"{header}.{payload}."]
    for change in ({"exp": _EARLIER}, {"exp": "soon"}, {"exp": 10**40}, {"sub": 7}, {"jti": None}):
        forged.append(jwt.encode({**claims, **change}, "k" * 64, "HS256"))
    forged += [good[:length] for length in range(1, len(good), 2)]
    forged += [good[:at] + "!" + good[at + 1 :] for at in range(0, len(good), 7)]
    forged += ["." * 3000, "a" * 7000, "e30.e30.e30", "null", "%00", "\x80\xff"]
    for token in forged:
        yield Bad("GET", "/api/v1/panel", token=token)
        yield Bad("GET", "/", token=token)


def _bodies() -> Iterator[Bad]:
    deep = b'{"text": ' + b"[" * 20_000 + b"]" * 20_000 + b"}"
    texts = ["", " " * 2000, "x" * 2000, "x" * 20_000, "\ud800", "\x00" * 500, "👩‍👩‍👧‍👦" * 250]
    texts += ["\u202e" + "ש" * 1999, "ﷺ" * 2000, "a\u0300" * 1000, "\n" * 2000, "漢" * 2000]
    values: list[object] = [*texts, None, 7, [], {}, True, 1e308]
    bodies = [json.dumps({"text": value, "message": value}).encode() for value in values]
    bodies += [b"", b"{", b"\xff\xfe", b"[]", b"null", deep, b'{"text": "x"' + b" " * 30_000 + b"}"]
    bodies += [b'{"text": "x", "show_for": 1e999}', b'{"text": "x", "expires_at": "99999-01-01"}']
    bodies += [b'{"text": "x", "n": ' + b"9" * 20_000 + b"}"]
    for body in bodies:
        for path in ("/messages", "/api/v1/messages", "/api/v1/preview", "/api/v1/session"):
            yield Bad("POST", path, body, _JSON)


def _pictures() -> Iterator[Bad]:
    for media_type, data in _picture_files():
        for path in ("/api/v1/images", "/api/v1/preview"):
            yield Bad("POST", path, data, {"Content-Type": media_type})


def _picture_files() -> Iterator[tuple[str, bytes]]:
    plain = Image.linear_gradient("L")
    png, jpeg = _saved(plain, "PNG"), _saved(plain, "JPEG")
    yield from (("image/png", png[:length]) for length in (0, 8, 33, 60, len(png) // 2))
    yield from (("image/jpeg", jpeg[:length]) for length in (3, 20, len(jpeg) // 2, len(jpeg) - 2))
    yield "image/png", _bomb(50_000, 50_000)
    yield "image/png", _bomb(5000, 5000)
    yield "image/png", _bomb(4999, 4999)
    yield "image/png", png.replace(b"IDAT", b"IDAX")
    yield "image/png", jpeg
    yield "image/gif", _saved(plain, "GIF")
    yield "image/png", _saved(Image.new("I;16", (500, 500), 40_000), "PNG")
    yield "image/jpeg", _saved(Image.new("CMYK", (2000, 2000)), "JPEG")
    yield "image/png", _saved(plain, "PNG", save_all=True, append_images=[plain.rotate(90)] * 20)
    yield "image/webp", _saved(plain, "WEBP", save_all=True, append_images=[plain.rotate(90)] * 20)
    yield "image/webp", b"RIFF\xff\xff\xff\xffWEBPVP8X"
    yield "image/png", png + b"\x00" * (4 * 1024 * 1024)
    yield "image/jpeg", _saved(Image.effect_noise((4900, 4900), 80), "JPEG", quality=30)[: 4 << 20]


def _others() -> Iterator[Bad]:
    for path in ("/nowhere", "/%00", "/" + "x" * 6000, "/api/v1/messages/" + "9" * 19, "/..%2f.."):
        yield Bad("GET", path)
    for query in ("limit=0", "limit=" + "9" * 4000, "before=x", "state=" + "waiting," * 500):
        yield Bad("GET", f"/api/v1/messages?{query}")
    for method in ("PUT", "PATCH", "DELETE", "BREW"):
        yield Bad(method, "/api/v1/messages")
    yield Bad("GET", "/api/v1/events", headers={"Upgrade": "websocket", "Connection": "Upgrade"})
    yield Bad("POST", "/api/v1/messages", b"{}", {**_JSON, "Idempotency-Key": "k" * 5000})


def _saved(picture: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def _bomb(width: int, height: int) -> bytes:
    """Return a PNG that says it has that many pixels, all white, in a few kilobytes."""
    rows = zlib.compressobj(9)
    data = b"".join(
        rows.compress(b"\x00" + b"\xff" * ((width + 7) // 8)) for _ in range(min(height, 9000))
    )
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data + rows.flush()), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*chunk) for chunk in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
