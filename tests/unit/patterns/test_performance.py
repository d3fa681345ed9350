# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What `ipsec_info` tells of tunnels becomes sentences on what does the work."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.vpnops.mikrotik.plugins.filter.offload import told

CBC: dict[str, Any] = {"enc_algorithm": "aes-cbc", "enc_key_size": 256, "auth_algorithm": "sha256", "hardware": False}
GCM = {"enc_algorithm": "aes-gcm", "enc_key_size": 288, "auth_algorithm": "", "hardware": True}


def test_both_directions_are_told_once_and_a_difference_is_told() -> None:
    tunnels = [
        {"peer": "a", "associations": [CBC, CBC]},
        {"peer": "b", "associations": [GCM, {**GCM, "hardware": False}]},
        {"peer": "c", "associations": []},
    ]
    assert told(tunnels) == [
        "a: aes-cbc of 256 bits with sha256 by the CPU",
        "b: aes-gcm of 288 bits by hardware; aes-gcm of 288 bits by the CPU",
        "c: no associations stand",
    ]


@pytest.mark.parametrize("given", ["tunnels", [1], None])
def test_something_else_than_tunnels_is_told(given: object) -> None:
    with pytest.raises(AnsibleFilterError, match="offload takes the tunnels that ipsec_info returns"):
        told(given)
