# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a script does not run on: refusals in the router's words, and what is honestly beyond the twin."""

from __future__ import annotations


class ScriptError(Exception):
    """A run that failed; `on-error` and `:onerror` see it. `category` is the API's number."""

    def __init__(self, text: str, category: int | None = 3) -> None:
        super().__init__(text)
        self.text = text
        self.category = category


class NotCode(ScriptError):
    """A script that cannot be read: nothing of it runs, so nothing in it can catch this."""


class Unplayed(ScriptError):
    """RouterOS may well know this, the twin does not; neither `on-error` nor `:onerror` hides it."""


class Halted(Exception):
    """The router went down, or somebody removed the job, while the script ran."""


class Returned(Exception):
    """`:return` left the script."""

    def __init__(self, value: object) -> None:
        super().__init__()
        self.value = value


def bad_command(name: str, place: str) -> NotCode:
    return NotCode(f"bad command name {name} {place}")


def end_expected(place: str) -> NotCode:
    return NotCode(f"expected end of command {place}")


def command_expected(place: str) -> NotCode:
    return NotCode(f"expected command name {place}")


def syntax(place: str) -> NotCode:
    return NotCode(f"syntax error {place}")


def unplayed(what: str, place: str = "") -> Unplayed:
    return Unplayed(f"the twin does not play {what} {place}".rstrip())
