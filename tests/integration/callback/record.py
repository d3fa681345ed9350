# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes every task's result to the file in RECORD_FILE, one JSON line each, so that tests need not read the screen."""

from __future__ import annotations

DOCUMENTATION = """
name: record
type: aggregate
short_description: Write results as JSON lines
description: For tests only.
"""

import json
import os
from typing import Any

from ansible.plugins.callback import CallbackBase


class CallbackModule(CallbackBase):  # type: ignore[misc]
    """Appends a line when a task ends on a host."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "aggregate"
    CALLBACK_NAME = "record"

    def _note(self, status: str, outcome: Any) -> None:
        result = outcome.result if hasattr(outcome, "result") else outcome._result
        task = outcome.task if hasattr(outcome, "task") else outcome._task
        host = outcome.host if hasattr(outcome, "host") else outcome._host
        line = {"host": host.get_name(), "task": task.get_name(), "status": status, "result": result}
        with open(os.environ["RECORD_FILE"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")

    def v2_runner_on_ok(self, result: Any) -> None:
        self._note("ok", result)

    def v2_runner_on_failed(self, result: Any, ignore_errors: bool = False) -> None:
        self._note("ignored" if ignore_errors else "failed", result)

    def v2_runner_on_unreachable(self, result: Any) -> None:
        self._note("unreachable", result)

    def v2_runner_on_skipped(self, result: Any) -> None:
        self._note("skipped", result)

    def v2_runner_retry(self, result: Any) -> None:
        self._note("retry", result)
