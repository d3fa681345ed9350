# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the router answers when it says no: one exception and the catalogue of texts."""

from __future__ import annotations

MISSING = 0
ARGUMENT = 1
INTERRUPTED = 2
GENERAL = 4


class Trap(Exception):
    """A refusal in the router's own words; `category` is the API's number or None where none is sent."""

    def __init__(self, message: str, category: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.category = category


def no_such_prefix() -> Trap:
    return Trap("no such command prefix", MISSING)


def no_such_command() -> Trap:
    return Trap("no such command", MISSING)


def unknown_parameter(name: str) -> Trap:
    # The category is unverified; the manual's table calls 0 "missing item or command".
    return Trap(f"unknown parameter {name}", MISSING)


def no_match(name: str) -> Trap:
    return Trap(f"input does not match any value of {name}", ARGUMENT)


def ambiguous(name: str) -> Trap:
    return Trap(f"ambiguous value of {name}, more than one possible value matches input", ARGUMENT)


def invalid_value(name: str) -> Trap:
    return Trap(f"invalid value for argument {name}", ARGUMENT)


def out_of_range(name: str, low: object, high: object) -> Trap:
    return Trap(f"value of {name} is out of range ({low} .. {high})", ARGUMENT)


def missing(*names: str) -> Trap:
    return Trap(f"missing value(s) of argument(s) {' '.join(names)}", ARGUMENT)


def failure(text: str) -> Trap:
    return Trap(f"failure: {text}", GENERAL)


def cannot(verb: str) -> Trap:
    """Dynamic and built-in rows refuse `change`, `move` and `remove` with the same words."""
    return failure(f"cannot {verb} builtin")


def no_permission() -> Trap:
    return Trap("not enough permissions (9)")


def supout() -> Trap:
    return Trap("error - contact MikroTik support and send a supout file (3)")
