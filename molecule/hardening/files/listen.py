"""Accept connections on a port, and answer each of them with a word."""

import socketserver
import sys


class Handler(socketserver.BaseRequestHandler):
    """Answers."""

    def handle(self) -> None:
        """Say that somebody is here."""
        self.request.sendall(b"here\n")


if __name__ == "__main__":
    socketserver.TCPServer.allow_reuse_address = True
    with socketserver.TCPServer(("", int(sys.argv[1])), Handler) as server:
        server.serve_forever()
