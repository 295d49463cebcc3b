"""The list of parts of the plugin as shipped, against the command that linked it."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("MIGRATE_PROGRAMS", PROJECT / "build/release/bin")).parent


class TheShippedPlugin(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        with tempfile.TemporaryDirectory() as folder:
            bom, licenses = Path(folder, "bom.json"), Path(folder, "LICENSES")
            subprocess.run(
                [PROJECT / "krew/sbom", "--build", BUILD, "--version", "0", "--architecture", "amd64"]
                + ["--sbom", bom, "--licenses", licenses],
                env=os.environ | {"SOURCE_DATE_EPOCH": "0"},
                check=True,
            )
            cls.parts = json.loads(bom.read_text(encoding="utf-8"))["components"]
            cls.licenses = licenses.read_text(encoding="utf-8")

    def linked(self):
        """File names, of all parts."""
        entries = [entry for part in self.parts for entry in part["properties"]]
        return {entry["value"] for entry in entries if entry["name"] == "kubectl-migrate:linked"}

    def test_each_archive_of_the_link_command_is_in_the_list(self):
        asked = ["ninja", "-C", BUILD, "-t", "commands", "-s", "bin/kubectl-migrate"]
        commands = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        archives = {word for word in commands.split() if word.startswith("/") and word.endswith(".a")}
        self.assertGreaterEqual(len(archives), 5, commands)
        self.assertLessEqual({os.path.basename(archive) for archive in archives}, self.linked())

    def test_so_is_what_the_compiler_adds_by_itself(self):
        self.assertLessEqual({"libc.a", "libstdc++.a", "libgcc.a", "libgcc_eh.a", "rcrt1.o"}, self.linked())

    def test_libraries_that_are_headers_alone_are_in_the_list(self):
        names = {part["name"] for part in self.parts}
        self.assertLessEqual({"boost1.74", "cli11", "fmtlib", "nlohmann-json3", "tl-expected"}, names)

    def test_each_part_has_licenses_and_their_text(self):
        for part in self.parts:
            with self.subTest(part["name"]):
                self.assertTrue(part["licenses"])
                self.assertIn(f"\n{part['name']} {part['version']}\n", self.licenses)


if __name__ == "__main__":
    unittest.main()
