# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A RouterOS router to rehearse on: the same menus, words and refusals, on the binary API."""

from __future__ import annotations

from .clock import SteppedClock
from .command import Command
from .errors import Trap
from .faults import Faults, Refusal
from .gate import Seat
from .jobs import Failure
from .persona import COMPARED, DEFAULT_VERSION, Persona
from .router import Router
from .server import Server

__all__ = (
    "COMPARED",
    "DEFAULT_VERSION",
    "Command",
    "Failure",
    "Faults",
    "Persona",
    "Refusal",
    "Router",
    "Seat",
    "Server",
    "SteppedClock",
    "Trap",
)
