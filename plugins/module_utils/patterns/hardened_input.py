# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Compiles what may reach a router to the entries it needs: address lists, raw, the chain input of both IP versions,
and settings of what no rule closes.

Everything begins with the prefix in its comment. The factory's own rules of chain input are owned as well where they
are to be replaced, so that they go in the same transaction, after what replaces them stands.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.devices import (
    READ,
    Settings,
    device_settings,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.factory import (
    FACTORY,
    FACTORY6,
    factory_comments,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.input_chain import input_rules
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.intake import Options, intent_from
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.intent import Entry, Intent
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.soundness import weak, wrong
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.sources import (
    address_lists,
    raw_rules,
    source_rules,
)
from ansible_collections.vpnops.mikrotik.plugins.module_utils.patterns.hardening.vocabulary import OFF
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE

Entries = dict[str, list[Entry]]
Found = Mapping[str, Any]
"""Entries of a router by module name, as state `gathered` returns them."""
FACTORIES = {"firewall_filter": FACTORY, "ipv6_firewall_filter": FACTORY6}

RESTRICTED = ("api-ssl", "ssh", "winbox")
"""Services that only the management networks are to reach."""


@dataclass(frozen=True)
class Hardened:
    """Entries, what they may replace, and sentences on what is wrong; with problems there are no entries."""

    config: Entries
    owners: tuple[str, ...] = ()
    chains: tuple[str, ...] = ()
    services: tuple[Entry, ...] = ()
    devices: Settings = field(default_factory=dict)
    """Settings of what no rule closes, by module name."""
    reads: Settings = field(default_factory=dict)
    """What has to be read of a router first, as state `gathered` takes it."""
    problems: tuple[str, ...] = ()


def hardened_input(options: Options, found: Found) -> Hardened:
    """What a router needs for these options of the role; `found` is what it has of `reads`."""
    intent, problems = intent_from(options)
    if not problems:
        problems = list(wrong(intent))
    if not problems and not intent.allow_weak:
        problems = [f"{text}, or set hardened_input_allow_weak: true" for text in weak(intent)]
    if problems:
        return Hardened({}, problems=tuple(f"hardened_input_{text}" for text in problems))
    owners = (intent.prefix, *(_replaced(found) if intent.defconf == "replace" else ()))
    entries = _entries(intent)
    return Hardened(
        entries,
        owners,
        intent.chains,
        tuple(_services(intent)),
        device_settings(intent, found) if intent.devices else {},
        _reads(intent, entries),
    )


def _reads(intent: Intent, entries: Entries) -> Settings:
    names = (*(name for name in FACTORIES if name in entries), *(READ if intent.devices else ()))
    return {name: {} if BY_MODULE[name].single else [] for name in names}


def _replaced(found: Found) -> list[str]:
    tables = ((BY_MODULE[name], found.get(name, ()), factory) for name, factory in FACTORIES.items() if name in found)
    return factory_comments(tables)


def _entries(intent: Intent) -> Entries:
    entries: Entries = {
        "firewall_address_list": list(address_lists(intent, 4)),
        "firewall_raw": list(raw_rules(intent)),
        "firewall_filter": list(input_rules(intent, 4)),
    }
    if intent.ipv6:
        # IPv6 has no raw table here, so its filter does that as well.
        sources = source_rules(intent, 6) if intent.wan else ()
        entries["ipv6_firewall_address_list"] = list(address_lists(intent, 6))
        entries["ipv6_firewall_filter"] = [*sources, *input_rules(intent, 6)]
    return entries


def _services(intent: Intent) -> Iterator[Entry]:
    if intent.services:
        for name in RESTRICTED:
            yield {"name": name, "address": list(intent.managers)}
        for name in OFF:
            yield {"name": name, "disabled": True}
