# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One client's conversation: login, tags, listening and cancelling; no sockets."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from .accounts import admit, admit_by_response
from .actor import Actor
from .command import Command, Reply, parse
from .errors import INTERRUPTED, Trap
from .faults import Faults
from .model import Row, Values
from .query import matches
from .router import Router, trapped
from .verbs import only_listed
from .verbs.dispatch import arguments, refuse_unknown, refuse_unpermitted

Words = list[str]
DONE = Reply("!done")


class Session:
    """Sentences in, sentences out; `emit` sends what a listen reports later. `closing` says hang up after sending."""

    def __init__(
        self, router: Router, address: str, via: str, emit: Callable[[Words], None], faults: Faults | None = None
    ) -> None:
        self.router = router
        self.address = address
        self.via = via
        self.emit = emit
        self.faults = faults or Faults()
        self.actor: Actor | None = None
        self.closing = False
        self._challenge = b""
        self._listening: dict[str, tuple[Command, Actor]] = {}
        self._active: Row | None = None

    def handle(self, sentence: Words) -> list[Words]:
        """All reply sentences to one sentence, each a list of words."""
        with self.router.lock:
            return self._handle(sentence)

    def _handle(self, sentence: Words) -> list[Words]:
        command = parse(sentence)
        if command.full() == "/login":
            replies = self._login(command)
        elif self.actor is None:
            self.closing = True
            return [Reply("!fatal", reason="not logged in").words(command.tag)]
        elif command.full() == "/quit":
            self.closing = True
            return [Reply("!fatal", reason="session terminated on request").words(command.tag)]
        elif command.full() == "/cancel":
            return self._cancel(command)
        else:
            replies = self._run(command, self.actor)
        return [reply.words(command.tag) for reply in replies]

    def close(self) -> None:
        """Forget what the session listened to and that its user is there."""
        self._listening.clear()
        self._settle_watching()
        self._leave()

    def _leave(self) -> None:
        active = self.router.tables["/user/active"]
        if self._active is not None and active.by_id(self._active.id) is self._active:
            active.discard(self._active)

    def _run(self, command: Command, actor: Actor) -> list[Reply]:
        refused = self.faults.refusal(command)
        if refused is not None:
            return [trapped(refused), DONE]
        if command.verb == "listen" or command.has("follow-only"):
            return self._listen(command, actor)
        replies = self.router.run(command, actor)
        if command.verb == "print" and command.has("follow"):
            self._listen(command, actor)
            return [reply for reply in replies if reply.word == "!re"]
        return replies

    def _login(self, command: Command) -> list[Reply]:
        name, password, response = command.get("name"), command.get("password"), command.get("response")
        if self.router.persona.old_login:
            if not response or not name:
                self._challenge = os.urandom(16)
                return [Reply("!done", {"ret": self._challenge.hex()})]
            found = admit_by_response(self.router, name, response, self._challenge, self.address)
        else:
            found = admit(self.router, name or "", password or "", self.address)
        if found is None:
            text = "cannot log in" if self.router.persona.old_login else "invalid user name or password (6)"
            self.router.note("system,error,critical", f"login failure for user {name} from {self.address} via api")
            return [Reply("!trap", {"message": text}), DONE]
        self._welcome(found)
        return [DONE]

    def _welcome(self, actor: Actor) -> None:
        self._leave()
        self.actor = actor
        active = self.router.tables["/user/active"]
        now = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(self.router.clock()))
        values: Values = {"when": now, "name": actor.name, "address": self.address, "via": self.via}
        self._active = Row(active.new_id(), values)
        active.insert(self._active)
        self.router.note("system,info,account", f"user {actor.name} logged in from {self.address} via api")

    def _listen(self, command: Command, actor: Actor) -> list[Reply]:
        try:
            table = self.router.tables.get(command.path)
            if table is None:
                return self.router.run(command, actor)
            refuse_unknown(command, arguments(self.router, table, "print"))
            refuse_unpermitted(table, "print", actor)
        except Trap as trap:
            return [trapped(trap), DONE]
        self._listening[command.tag] = (command, actor)
        self._settle_watching()
        return []

    def _settle_watching(self) -> None:
        watchers = self.router.watchers
        if self._listening and self._changed not in watchers:
            watchers.append(self._changed)
        elif not self._listening and self._changed in watchers:
            watchers.remove(self._changed)

    def _changed(self, path: str, row: Values, gone: bool) -> None:
        for tag, (command, actor) in list(self._listening.items()):
            if command.path != path:
                continue
            shown = dict(row) if actor.may("sensitive") else self._public(path, row)
            if gone:
                shown[".dead"] = "true"
            elif not matches(command.queries, shown):
                continue
            self.emit(Reply("!re", only_listed(command, [shown])[0]).words(tag))

    def _public(self, path: str, row: Values) -> Values:
        fields = self.router.tables[path].fields
        return {name: value for name, value in row.items() if name not in fields or not fields[name].secret}

    def _cancel(self, command: Command) -> list[Words]:
        """First the interruption, then the end of the cancel itself, then the end of what was cancelled."""
        tag = command.get("tag")
        ended = list(self._listening) if tag is None else [tag] if tag in self._listening else []
        replies = []
        for each in ended:
            del self._listening[each]
            replies.append(trapped(Trap("interrupted", INTERRUPTED)).words(each))
        self._settle_watching()
        return [*replies, DONE.words(command.tag), *(DONE.words(each) for each in ended)]
