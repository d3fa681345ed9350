# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tunnel interfaces that a live twin cannot make are refused; `test_faithful.py` has those that it can."""

from __future__ import annotations

import pytest
from librouteros.exceptions import TrapError
from twin.live.needs import makes

from tests.live.sites import WAN, Sites

FAR = {"remote-address": WAN["b"]}


def refused(sites: Sites, menu: str, **words: str) -> str:
    with pytest.raises(TrapError) as refusal:
        sites.path("a", menu).add(**words)
    assert not sites.rows("a", menu)
    return str(refusal.value).removeprefix("failure: a live twin does not play ")


def test_ethernet_tunnels_are_refused(sites: Sites) -> None:
    assert refused(sites, "/interface/eoip", **FAR, **{"tunnel-id": "1"}) == "/interface/eoip"


@pytest.mark.parametrize("kind", ["gre", "ipip"])
def test_tunnels_are_refused_where_the_kernel_has_none(sites: Sites, kind: str) -> None:
    """Whichever menu would enable them."""
    if makes(kind):
        pytest.skip(f"this kernel has {kind}")
    menu, said = f"/interface/{kind}", f"/interface/{kind}, since this kernel has none"
    assert refused(sites, menu, **FAR) == said
    made = sites.path("a", menu).add(disabled="yes", **FAR)
    try:
        for where in (menu, "/interface"):
            with pytest.raises(TrapError, match=said):
                sites.path("a", where).update(**{".id": made, "disabled": "no"})
    finally:
        sites.path("a", menu).remove(made)


@pytest.mark.parametrize("kind", ["gre", "ipip"])
def test_what_a_kernel_has_no_words_for_is_refused(sites: Sites, kind: str) -> None:
    if not makes(kind):
        pytest.skip(f"this kernel has no {kind}")
    menu = f"/interface/{kind}"
    if kind == "ipip":
        assert refused(sites, menu, keepalive="1s,3", **FAR).startswith(f"keepalive of {menu} other than 10s,10,")
    secret = {"ipsec-secret": "s", "allow-fast-path": "no"}
    assert refused(sites, menu, **secret, **FAR).startswith(f"ipsec-secret of {menu};")
    assert refused(sites, menu, **{"remote-address": "0.0.0.0"}) == f"{menu} without a remote-address"
