# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One strongSwan daemon in a router's namespace, spoken to over vici."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import vici
from vici.exception import CommandException, SessionException

from .. import netns
from ..needs import CHARON
from ..netns import Broken

# Long enough for a machine that is busy, and an end for a daemon that hangs.
PATIENCE = 20.0
PLUGINS = (
    "random nonce aes sha1 sha2 md5 hmac kdf gcm openssl pem x509 pubkey pkcs1 pkcs8 pkcs12 "
    "revocation constraints {backend} socket-default vici updown counters"
)
CONFIG = """
charon {{
    load = {plugins}
    # Times and counts after which an end is given up: sent at 0, 1, 2.5 and 4.75 s, over at 8.1 s.
    retransmit_timeout = 1.0
    retransmit_base = 1.5
    retransmit_tries = 3
    half_open_timeout = 10
    # The same secret for whoever asks is what RouterOS does in aggressive mode as well.
    i_dont_care_about_security_and_use_aggressive_mode_psk = yes
    install_virtual_ip = no
    syslog {{
    }}
    filelog {{
        told {{
            path = {folder}/log
            flush_line = yes
            default = 1
            ike_name = yes
        }}
    }}
    plugins {{
        vici {{
            socket = unix://{folder}/vici
        }}
        # What it says itself does not go through its tunnels, even if those are for everything.
        socket-default {{
            fwmark = {mark}
        }}
        kernel-netlink {{
            fwmark = !{mark}
        }}
    }}
}}
"""
MARK = "0x220"
Message = dict[str, Any]
# (plugin that has to be there, plugins to load for it)
IN_USER_SPACE = ("kernel-libipsec", "kernel-libipsec kernel-netlink")
IN_KERNEL = ("kernel-netlink", "kernel-netlink")


class Charon:
    """A daemon that runs, and one conversation with it."""

    def __init__(self, node: str, *, kernel: bool) -> None:
        self.node = node
        self._wanted, self._backend = IN_KERNEL if kernel else IN_USER_SPACE
        self._folder = tempfile.TemporaryDirectory(prefix="charon-")
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._session: Any = None
        self._read = 0
        self.killed = False

    @property
    def folder(self) -> Path:
        return Path(self._folder.name)

    def start(self) -> None:
        """Raises Broken if it does not run, or does not encrypt by what it was asked to encrypt by."""
        plugins = PLUGINS.format(backend=self._backend)
        (self.folder / "strongswan.conf").write_text(CONFIG.format(plugins=plugins, folder=self.folder, mark=MARK))
        # The file with its number lies below /run, which no two daemons may share.
        script = f"mount -t tmpfs none /run && exec env STRONGSWAN_CONF={self.folder}/strongswan.conf {CHARON}"
        command = [*netns.inside(self.node), "unshare", "--mount", "sh", "-c", script]
        quiet = subprocess.DEVNULL
        self.killed = False
        self._process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        self._session = self._connect()
        loaded = [name.decode() for name in self.ask("stats")["plugins"]]
        if self._wanted not in loaded:
            # It would go on without encrypting.
            raise Broken(f"charon in {self.node} did not load {self._wanted}")

    def _connect(self) -> Any:
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if self._process is None or self._process.poll() is not None:
                break
            sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            sock.settimeout(PATIENCE)
            with contextlib.suppress(OSError):
                sock.connect(str(self.folder / "vici"))
                self._socket = sock
                return vici.Session(sock)
            sock.close()
            time.sleep(0.02)
        raise Broken(f"charon in {self.node} does not start: {' '.join(self.news()[-3:]) or 'it said nothing'}")

    def _talk(self) -> Any:
        self._session = self._session or self._connect()
        return self._session

    def _lost(self, name: str, error: Exception) -> Broken:
        """What comes late would be taken for the answer to what is asked next, so that begins anew."""
        self._hang_up()
        return Broken(f"charon in {self.node}, {name}: {error}")

    def _hang_up(self) -> None:
        if self._socket:
            self._socket.close()
        self._socket = self._session = None

    def ask(self, name: str, message: Mapping[str, Any] | None = None) -> Message:
        """One request; raises Broken with the daemon's words if it refuses."""
        try:
            found = getattr(self._talk(), name)(*((message,) if message is not None else ()))
            return dict(found or {})
        except CommandException as error:
            raise Broken(f"charon in {self.node}, {name}: {error}") from None
        except (SessionException, OSError) as error:
            raise self._lost(name, error) from None

    def tell(self, name: str, message: Mapping[str, Any]) -> bool:
        """A request that streams what it does; whether it was taken."""
        if self.killed:
            return False
        try:
            for _line in getattr(self._talk(), name)(message):
                pass
        except CommandException:
            return False
        except (SessionException, OSError) as error:
            raise self._lost(name, error) from None
        return True

    def sas(self) -> dict[str, Message]:
        """What stands: messages of list-sa by connection, several for one that stands several times."""
        found: dict[str, Message] = {}
        if self.killed:
            return found
        try:
            for each in self._talk().list_sas({"noblock": "no"}):
                for name, sa in each.items():
                    plain = text_of(sa)
                    found[f"{name}#{plain['uniqueid']}"] = {"name": name, **plain}
        except (SessionException, OSError) as error:
            raise self._lost("list_sas", error) from None
        return found

    def kill(self) -> None:
        """As when it crashes: the other ends learn nothing. `start` begins another."""
        process, self._process = self._process, None
        if process:
            process.kill()
            process.wait()
        self.killed = True

    def news(self) -> list[str]:
        """Lines of its log since the last look."""
        try:
            with (self.folder / "log").open("rb") as log:
                log.seek(self._read)
                text = log.read()
        except FileNotFoundError:
            return []
        whole, _newline, _rest = text.rpartition(b"\n")
        self._read += len(whole) + bool(_newline)
        return whole.decode(errors="replace").splitlines()

    def stop(self) -> None:
        self._hang_up()
        process, self._process = self._process, None
        if process:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._folder.cleanup()


def text_of(found: Any) -> Any:
    """A vici message with text instead of bytes."""
    if isinstance(found, bytes):
        return found.decode(errors="replace")
    if isinstance(found, list):
        return [text_of(each) for each in found]
    if isinstance(found, Mapping):
        return {name: text_of(each) for name, each in found.items()}
    return found
