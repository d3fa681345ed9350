# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs every module of the collection inside the Ansible worker.

Ansible imports this file once, before it forks its workers, so that the libraries are loaded once per run.
"""

from __future__ import annotations

import traceback
from typing import Any

from ansible.plugins.action import ActionBase
from ansible.utils.display import Display
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import job_from, spec_of, target_from, validate
from ansible_collections.vpnops.mikrotik.plugins.module_utils.device.session import (
    LoginRefused,
    Target,
    Unreachable,
    Untrusted,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.runner import FAILURES, carry_out
from ansible_collections.vpnops.mikrotik.plugins.module_utils.secrets import Secrets

OURS = "vpnops.mikrotik.routeros"
NOWHERE = (
    "no router to talk to: set ansible_connection to {ours} for this host (it is {theirs}), or give provider to run "
    "the module on a host that can reach the router"
)
TWO_ROUTERS = (
    "provider names a router, and so does the connection {ours} of this host; leave provider out, or set "
    "ansible_connection to local to use it"
)
NO_ASYNC = (
    "async does not work over the connection {ours}, which runs tasks inside Ansible itself; leave async out, or give "
    "provider and delegate the task to a host that can reach the router"
)


class ActionModule(ActionBase):  # type: ignore[misc]
    """One login, one read, one plan, inside the worker."""

    _supports_check_mode = True
    _supports_async = True
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the module's result; whatever goes wrong becomes one sentence without secrets."""
        result: dict[str, Any] = super().run(tmp, task_vars)
        secrets = Secrets()
        try:
            result.update(self._run(secrets, task_vars))
        except (Unreachable, LoginRefused, Untrusted) as error:
            result.update(unreachable=True, changed=False, msg=secrets.mask(str(error)))
            # To Ansible an unreachable host is no failure, and so nothing that `until` or `retries` would try again.
            if self._task.until or self._task.retries:
                result["failed"] = True
        except FAILURES as error:
            result.update(failed=True, msg=secrets.mask(str(error)))
        except Exception as error:
            Display().vvv(secrets.mask(traceback.format_exc()))
            result.update(failed=True, msg=f"{secrets.defect(error)}; -vvv tells more")
        return result

    def _run(self, secrets: Secrets, task_vars: dict[str, Any] | None) -> dict[str, Any]:
        module = self._task.action.rpartition(".")[2]
        arguments = validate(spec_of(module), self._task.args)
        job = job_from(module, arguments)
        secrets.learn(job.secrets)
        provider = arguments["provider"]
        ours = self._connection.transport == OURS
        refusal = self._refusal(ours, bool(provider), job.offline)
        if refusal:
            return {"failed": True, "msg": refusal.format(ours=OURS, theirs=self._connection.transport)}
        if provider and not ours and (self._task.async_val or self._connection.transport != "local"):
            executed: dict[str, Any] = self._execute_module(task_vars=task_vars, wrap_async=self._task.async_val)
            return executed
        target = Target(**self._connection.target()) if ours else target_from(provider or {"host": ""})
        return carry_out(job, target, secrets, check_mode=self._task.check_mode, with_diff=self._task.diff)

    def _refusal(self, ours: bool, provider: bool, offline: bool) -> str | None:
        if ours and self._task.async_val:
            return NO_ASYNC
        if ours and provider:
            return TWO_ROUTERS
        return None if ours or provider or offline else NOWHERE
