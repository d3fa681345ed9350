# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What of VRRP needs no network; `tests/live/test_vrrp.py` has the rest."""

from __future__ import annotations

import threading

from twin.live.vrrp.speaker import Speaker


def test_no_command_waits_for_a_speaker_without_elections() -> None:
    speaker = Speaker("nowhere", lambda: None)

    def settle() -> None:
        for _command in range(20_000):
            speaker.play({})

    settling = threading.Thread(target=settle, daemon=True)
    settling.start()
    settling.join(30)
    assert not settling.is_alive()
    speaker.stop()
