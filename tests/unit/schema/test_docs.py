# Copyright (c) 2026, the vpnops contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules' documentation follows the schema, and whoever forgets is told which module is stale."""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible_collections.vpnops.mikrotik.plugins.module_utils.arguments import spec_of
from ansible_collections.vpnops.mikrotik.plugins.module_utils.firewall.findings.finding import KINDS, SEVERITIES
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.menus import BY_MODULE, BY_PATH
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.model import Menu
from ansible_collections.vpnops.mikrotik.plugins.module_utils.schema.options import (
    argument_spec,
    config_argument_spec,
    to_words,
)

from tools import sync_docs


@pytest.fixture
def modules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the modules that a test may spoil."""
    copy = tmp_path / "modules"
    shutil.copytree(sync_docs.MODULES, copy)
    monkeypatch.setattr(sync_docs, "MODULES", copy)
    return copy


def test_every_module_is_in_step_with_the_schema() -> None:
    assert sync_docs.main(["--check"]) == 0


def test_a_stale_module_is_named_and_repaired(modules: Path, capsys: pytest.CaptureFixture[str]) -> None:
    peer = modules / "ipsec_peer.py"
    sound = peer.read_text()
    peer.write_text(sound.replace("UDP port of the other end.", "Some port."))
    assert sync_docs.main(["--check"]) == 1
    said = capsys.readouterr().out
    assert "ipsec_peer.py" in said
    assert len(said.splitlines()) == 1
    assert sync_docs.main([]) == 0
    assert peer.read_text() == sound


def test_help_names_only_fields_of_its_own_entry() -> None:
    for menu in BY_MODULE.values():
        for item in menu.fields:
            for option in re.findall(r"O\((\w+)", item.help):
                assert option in menu.by_option, f"{menu.path} {item.name}: {option}"


@pytest.mark.parametrize(
    ("path", "name", "line"),
    [
        ("/ip/ipsec/profile", "dpd-interval", "RouterOS's default is V(2m), since RouterOS 7.16 V(8s)."),
        ("/ip/ipsec/peer", "passive", "RouterOS's default is V(false)."),
        ("/ip/ipsec/profile", "ppk", "Needs RouterOS 7.21 or newer."),
        ("/ip/firewall/nat", "tls-host", "Up to RouterOS 7.15; 7.16 and newer do not have it."),
        ("/ip/ipsec/profile", "prf-algorithm", "V(auto) follows O(config[].hash_algorithm)."),
    ],
)
def test_the_documentation_tells_defaults_and_versions(path: str, name: str, line: str) -> None:
    lines = sync_docs.field_lines(BY_PATH[path].by_name[name], "config[].")
    assert any(line in each for each in lines)


def examples(module: str) -> list[dict[str, Any]]:
    """The arguments of every task in a module's EXAMPLES."""
    tree = ast.parse((sync_docs.MODULES / f"{module}.py").read_text())
    assigned = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    tasks = yaml.safe_load(ast.literal_eval(assigned["EXAMPLES"]))
    return [task[f"vpnops.mikrotik.{module}"] for task in tasks]


def entries(module: str, arguments: dict[str, Any]) -> Iterator[tuple[Menu, Any]]:
    """Every entry that an example gives, with its menu."""
    given: Any = arguments.get("config")
    by_module = given if module == "config" else {module: given}
    for name, rows in by_module.items():
        if rows is None:
            continue
        spec = {"config": argument_spec(BY_MODULE[name])["config"]}
        checked = ArgumentSpecValidator(spec).validate({"config": rows})
        assert checked.error_messages == []
        config = checked.validated_parameters["config"]
        yield from ((BY_MODULE[name], entry) for entry in (config if isinstance(config, list) else [config]))


@pytest.mark.parametrize("module", ["config", *BY_MODULE])
def test_examples_are_tasks_that_the_schema_accepts(module: str) -> None:
    spec = config_argument_spec() if module == "config" else argument_spec(BY_MODULE[module])
    tasks = examples(module)
    assert len(tasks) >= 2
    for arguments in tasks:
        assert ArgumentSpecValidator(spec).validate(arguments).error_messages == []
        for menu, entry in entries(module, arguments):
            for name, text in to_words(menu, entry).items():
                if "{{" not in text and (text or not menu.by_name[name].kind.empty):
                    menu.by_name[name].kind.normal(text)


def plain(options: dict[str, Any], below: str) -> dict[str, Any]:
    """Options without their descriptions, however deep."""
    found = {}
    for name, each in options.items():
        found[name] = {key: each[key] for key in each if key not in ("description", below)}
        found[name] |= {"below": plain(each[below], below)} if below in each else {}
    return found


def test_the_module_that_only_asks_documents_its_own_options_and_kinds() -> None:
    tree = ast.parse((sync_docs.MODULES / "firewall_analyse.py").read_text())
    assigned = {ast.unparse(node.targets[0]): node.value for node in tree.body if isinstance(node, ast.Assign)}
    options = yaml.safe_load(ast.literal_eval(assigned["DOCUMENTATION"]))["options"]
    spec = spec_of("firewall_analyse")
    assert plain(options, "suboptions") == plain({name: spec[name] for name in spec if name != "provider"}, "options")
    said = yaml.safe_load(ast.literal_eval(assigned["RETURN"]))["findings"]["contains"]["kind"]["description"]
    for severity in SEVERITIES:
        (line,) = [each for each in said if f"severity={severity}" in each]
        assert re.findall(r"V\(([a-z0-9-]+)\)", line) == sorted(kind for kind, its in KINDS.items() if its == severity)
        assert ast.literal_eval(assigned["DOCUMENTATION"]).count(f"V({severity}) - ") == 1
    page = (sync_docs.MODULES.parents[1] / "docs" / "analysis.md").read_text()
    assert [kind for kind in KINDS if f"`{kind}`" not in page] == []
