# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Services that a router shows to the network besides its API: they take a connection, greet, and hang up."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from collections.abc import Mapping

GREETINGS = {"ssh": b"SSH-2.0-ROSSSH\r\n", "telnet": b"\r\nMikroTik\r\nLogin: ", "ftp": b"220 MikroTik FTP server\r\n"}


class Greeters:
    """Answers on sockets that listen, by service, until stopped."""

    def __init__(self, listeners: Mapping[str, socket.socket]) -> None:
        self._selector = selectors.DefaultSelector()
        self._in, self._out = socket.socketpair()
        self._selector.register(self._in, selectors.EVENT_READ)
        for service, sock in listeners.items():
            sock.setblocking(False)
            self._selector.register(sock, selectors.EVENT_READ, service)
        self._thread = threading.Thread(target=self._serve, name="greeters", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            for key, _events in self._selector.select():
                if key.fileobj is self._in:
                    return
                assert isinstance(key.fileobj, socket.socket)
                self._greet(key.fileobj, str(key.data))

    @staticmethod
    def _greet(listener: socket.socket, service: str) -> None:
        with contextlib.suppress(OSError):
            client, _address = listener.accept()
            with client:
                client.sendall(GREETINGS.get(service, b""))

    def stop(self) -> None:
        self._out.close()
        self._thread.join()
        for key in list(self._selector.get_map().values()):
            if isinstance(key.fileobj, socket.socket):
                key.fileobj.close()
        self._selector.close()
