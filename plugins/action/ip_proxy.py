# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs the module ip_proxy inside the Ansible worker."""

from __future__ import annotations

from ansible_collections.vpnops.mikrotik.plugins.action.config import ActionModule

__all__ = ("ActionModule",)
