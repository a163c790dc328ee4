"""A stand-in for the server of 2017: `python -m inkbench.standin PORT`.

JWT check, JSON, nothing else. It keeps nothing and draws nothing, so it is the least that a server
in Python with aiohttp does.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import jwt
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(secret: str) -> web.Application:
    """Return the server; `secret` signs the tokens (HS256)."""

    @web.middleware
    async def authenticate(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            claims = jwt.decode(request.headers["Authorization"], secret, algorithms=["HS256"])
        except (KeyError, jwt.InvalidTokenError):
            return web.json_response({"error": "Unauthorized"}, status=401)
        request["user"] = claims["sub"]
        return await handler(request)

    async def welcome(request: web.Request) -> web.Response:
        return web.json_response({"message": f"Welcome to LegoMac {request['user']}!"})

    async def post(request: web.Request) -> web.Response:
        body = await request.json()
        return web.json_response({"message": body["message"]}, status=201)

    app = web.Application(middlewares=[authenticate])
    app.add_routes([web.get("/", welcome), web.post("/messages", post)])
    return app


if __name__ == "__main__":
    web.run_app(
        make_app(os.environ["INKSTAND_TOKEN_SECRET"]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=None,
    )
