# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reads a lab from a file: the fields of `topology.Plan` as YAML, and a sentence for what cannot be."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

import yaml

from ...persona import DEFAULT_VERSION, Persona
from ..topology import DEFAULT, Gateway, Host, Internet, Plan, Router

Found = Mapping[str, Any]
Rows = dict[str, list[dict[str, str]]]


def load(file: Path) -> Plan:
    """The plan in a file; raises ValueError with a sentence, and OSError."""
    try:
        found = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ValueError(f"{file} is no YAML: {' '.join(str(error).split())}") from None
    try:
        plan = read(found, file.parent)
        plan.check()
    except ValueError as error:
        raise ValueError(f"{file}: {error}") from None
    return plan


def read(found: Any, folder: Path) -> Plan:
    """The plan in what a YAML file holds; seed files are looked for in the folder."""
    lab = _mapping(found, "the lab", ("routers", "hosts", "switches", "gateways", "internet", "ipsec"))
    routers = _each(lab, "routers", lambda what, each: _router(what, each, folder))
    if not routers:
        raise ValueError("the lab has no routers")
    return Plan(
        routers,
        _each(lab, "hosts", _host),
        Internet(*_gateway("the internet", lab["internet"])) if lab.get("internet") is not None else None,
        _text(lab.get("ipsec", ""), "ipsec"),
        _switches(lab.get("switches") or []),
        _each(lab, "gateways", lambda what, each: Gateway(*_gateway(what, each))),
    )


def _each(lab: Found, key: str, make: Callable[[str, Any], Any]) -> dict[str, Any]:
    found = _mapping(lab.get(key) or {}, key)
    return {name: make(f"{key[:-1]} {name}", each) for name, each in found.items()}


def _router(what: str, found: Any, folder: Path) -> Router:
    given = _mapping(found, what, ("ports", "version", "defconf", "seed", "users", "tls", "client"))
    version = given.get("version", DEFAULT_VERSION)
    if not isinstance(version, str):
        # YAML takes 7.20 for the number 7.2.
        raise ValueError(f"version of {what} has to stand in quotes")
    Persona(version)
    users = _texts(given.get("users", {"admin": ""}), f"users of {what}")
    if not users:
        raise ValueError(f"{what} has no users")
    return Router(
        _texts(given.get("ports"), f"ports of {what}"),
        version,
        _switch(given.get("defconf", False), f"defconf of {what}"),
        _seed(given.get("seed", {}), f"seed of {what}", folder),
        users,
        _switch(given.get("tls", False), f"tls of {what}"),
        _address(given.get("client", ""), f"client of {what}"),
    )


def _seed(found: Any, what: str, folder: Path) -> Rows:
    """Rows by menu, or the name of a file of them: YAML, of which JSON is a part."""
    if isinstance(found, str):
        what, file = f"{what}, file {found}", folder / found
        try:
            found = yaml.safe_load(file.read_text("utf-8"))
        except yaml.YAMLError as error:
            raise ValueError(f"{what}, is no YAML: {' '.join(str(error).split())}") from None
        except OSError as error:
            raise ValueError(f"{what}: {error.strerror}") from None
    rows: Rows = {}
    for menu, entries in _mapping(found, what).items():
        if not isinstance(entries, list):
            raise ValueError(f"{menu} in {what} has to be a list of rows")
        rows[menu] = [_texts(each, f"a row of {menu} in {what}") for each in entries]
    return rows


def _host(what: str, found: Any) -> Host:
    given = _mapping(found, what, ("address", "gateway", "switch"))
    gateway = _address(given.get("gateway", ""), f"gateway of {what}")
    address = _interface(given.get("address"), f"address of {what}")
    return Host(address, gateway, _text(given.get("switch", ""), f"switch of {what}"))


def _switches(found: Any) -> tuple[str, ...]:
    if not isinstance(found, list):
        raise ValueError("switches has to be a list of names")
    return tuple(_text(each, "a switch") for each in found)


def _gateway(what: str, found: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Addresses by neighbour, and the next hop by network."""
    given = _mapping(found, what, ("addresses", "routes"))
    routes = _texts(given.get("routes") or {}, f"routes of {what}")
    for network in routes:
        if network != DEFAULT:
            _interface(network, f"a network in routes of {what}")
    hops = {network: _address(hop, f"hop to {network} in routes of {what}") for network, hop in routes.items()}
    return _interfaces(given.get("addresses"), f"addresses of {what}"), hops


def _address(found: Any, what: str) -> str:
    text = _text(found, what)
    try:
        return str(ipaddress.IPv4Address(text)) if text else ""
    except ValueError:
        raise ValueError(f"{what} has to be an address, and is {text!r}") from None


def _interfaces(found: Any, what: str) -> dict[str, str]:
    return {name: _interface(each, f"{what} for {name}") for name, each in _texts(found, what).items()}


def _interface(found: Any, what: str) -> str:
    text = _text(found, what)
    try:
        if "/" not in text:
            raise ValueError
        ipaddress.IPv4Interface(text)
    except ValueError:
        raise ValueError(f"{what} has to be an address with its prefix, as 192.168.10.10/24, and is {text!r}") from None
    return text


def _mapping(found: Any, what: str, known: Collection[str] = ()) -> Found:
    if not isinstance(found, dict) or not all(isinstance(key, str) for key in found):
        raise ValueError(f"{what} has to be a mapping with texts as keys")
    for key in found:
        if known and key not in known:
            raise ValueError(f"{what} cannot have {key!r}; there are: {', '.join(known)}")
    return found


def _texts(found: Any, what: str) -> dict[str, str]:
    """Texts by name; YAML's numbers and truth values are taken as RouterOS writes them."""
    return {key: _text(each, f"{key} in {what}") for key, each in _mapping(found, what).items()}


def _text(found: Any, what: str) -> str:
    if isinstance(found, bool):
        return "yes" if found else "no"
    if not isinstance(found, str | int):
        raise ValueError(f"{what} has to be a text")
    return str(found)


def _switch(found: Any, what: str) -> bool:
    if not isinstance(found, bool):
        raise ValueError(f"{what} has to be true or false")
    return found
