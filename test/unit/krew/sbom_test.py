"""krew/sbom: whose code is in a program, by the linker's, ninja's and dpkg's word."""

import json
import os
import subprocess
import tempfile
import unittest
from pathlib import Path

import small_build
from scripts import load

SBOM = Path(__file__).resolve().parents[3] / "krew/sbom"

sbom = load(SBOM)

LINK_MAP = """Archive member included to satisfy reference by file (symbol)

plugin/libmigrate_plugin.a(program.cpp.o)
                              plugin/CMakeFiles/kubectl-migrate.dir/main.cpp.o (run)
/usr/lib/gcc/x86_64-linux-gnu/12/../../../x86_64-linux-gnu/libssl.a(libssl-lib-ssl_lib.o)
                              shared/http_client/libmigrate_http_client.a(tls.cpp.o) (SSL_new)
/lib/libz.a(inflate.o)        plugin/libmigrate_plugin.a(program.cpp.o) (inflate)

Discarded input sections

 .text          0x0000000000000000        0x0 /usr/lib/libdiscarded.a(nothing.o)

Memory Configuration

LOAD /usr/lib/x86_64-linux-gnu/rcrt1.o
LOAD plugin/CMakeFiles/kubectl-migrate.dir/main.cpp.o
LOAD /usr/lib/x86_64-linux-gnu/libssl.a
LOAD /usr/lib/x86_64-linux-gnu/libunused.a
/usr/lib/late.a(not_a_member_line.o)
"""

DEPENDENCIES = """plugin/a.cpp.o: #deps 3, deps mtime 1 (VALID)
    /usr/include/zlib.h
    ../../shared/base/text.h
    /usr/lib/gcc/x86_64-linux-gnu/12/../../../../include/c++/12/vector

"""


def parts_of(*files):
    return sbom.parts_of({str(file) for file in files}, ("/the/project/",))


class WhatIsAsked(unittest.TestCase):
    def test_an_archive_counts_when_the_linker_took_a_member_and_an_object_always(self):
        self.assertEqual(
            sbom.linked_files(LINK_MAP),
            {"/usr/lib/x86_64-linux-gnu/libssl.a", "/lib/libz.a", "/usr/lib/x86_64-linux-gnu/rcrt1.o"},
        )

    def test_headers_of_others_have_absolute_paths(self):
        self.assertEqual(sbom.compiled_headers(DEPENDENCIES), {"/usr/include/zlib.h", "/usr/include/c++/12/vector"})

    def test_licenses_are_those_of_the_source_and_not_of_its_packaging(self):
        form = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
        for text, names in (
            (form + "\nFiles: *\nLicense: Zlib\n\nFiles: debian/*\nLicense: GPL-2+\n", ["Zlib"]),
            (form + "\nFiles: a\nLicense: MIT\n text\n\nFiles: b\nLicense: Zlib and MIT\n", ["MIT", "Zlib and MIT"]),
            (form + "\nLicense: MIT\n A text that files refer to.\n", []),
            ("This package was debianized by hand.\n\nFiles: *\nLicense: MIT\n", []),
            ("", []),
        ):
            with self.subTest(text):
                self.assertEqual(sbom.license_names(text), names)


class WhoseFilesAre(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)

    def write(self, path, text):
        (self.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / path).write_text(text, encoding="utf-8")

    def test_a_file_of_no_package_is_an_error(self):
        self.write("libstray.a", "")
        with self.assertRaisesRegex(SystemExit, f"no package has {self.folder}/libstray.a"):
            parts_of(self.folder / "libstray.a")

    def test_the_projects_own_files_are_no_part(self):
        self.assertEqual(parts_of("/the/project/shared/base/text.h"), {})

    def test_what_was_built_of_debians_sources_says_itself_what_it_is(self):
        self.write("share/sources", "libcpprest.a cpprest 2.10.18-1\nlibprometheus-cpp-core.a prometheus-cpp 1.0.1-2\n")
        parts = parts_of(self.folder / "lib/libcpprest.a", self.folder / "include/cpprest/uri.h")
        self.assertEqual(list(parts), [("cpprest", "2.10.18-1")])
        (part,) = parts.values()
        self.assertEqual(part.linked, {"libcpprest.a"})
        self.assertEqual(part.copyrights, {self.folder / "share/doc/cpprest/copyright"})

    def test_an_archive_built_of_an_unknown_source_is_an_error(self):
        self.write("share/sources", "libcpprest.a cpprest 2.10.18-1\n")
        with self.assertRaisesRegex(SystemExit, "says nothing of .*/libother.a"):
            parts_of(self.folder / "lib/libother.a")

    def test_a_sysroots_files_are_asked_of_its_own_dpkg(self):
        self.write("var/lib/dpkg/arch", "arm64\n")
        self.write("var/lib/dpkg/info/format", "1\n")
        self.write(
            "var/lib/dpkg/status",
            "Package: libthing-dev\nSource: thing (2.0-1)\nVersion: 2.0-1+b3\nArchitecture: arm64\nMulti-Arch: same\n"
            "Maintainer: A <a@a.test>\nDescription: thing\nStatus: install ok installed\n\n",
        )
        self.write("var/lib/dpkg/info/libthing-dev:arm64.list", "/.\n/usr/lib/libthing.a\n/usr/include/thing.h\n")
        parts = parts_of(self.folder / "usr/lib/libthing.a", self.folder / "usr/include/thing.h")
        self.assertEqual(list(parts), [("thing", "2.0-1")])
        (part,) = parts.values()
        self.assertEqual(part.linked, {"libthing.a"})
        self.assertEqual(part.copyrights, {self.folder / "usr/share/doc/libthing-dev/copyright"})


class OfAProgram(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        small_build.make(cls.folder / "build")
        cls.bom, cls.licenses = cls.made("once")

    @classmethod
    def made(cls, name):
        (cls.folder / name).mkdir()
        bom, licenses = cls.folder / name / "bom.json", cls.folder / name / "LICENSES"
        subprocess.run(
            [SBOM, "--build", cls.folder / "build", "--version", "1.2.3", "--architecture", "amd64", "--sbom", bom]
            + ["--licenses", licenses],
            env=os.environ | {"SOURCE_DATE_EPOCH": "86400"},
            check=True,
        )
        return bom.read_text(encoding="utf-8"), licenses.read_text(encoding="utf-8")

    def test_its_parts_are_what_it_is_linked_and_compiled_with_and_nothing_else(self):
        parts = {
            part["name"]: {entry["name"]: entry["value"] for entry in part["properties"]}
            for part in json.loads(self.bom)["components"]
        }
        self.assertEqual(sorted(parts), ["gcc-12", "glibc", "tl-expected", "zlib"])
        self.assertEqual(parts["zlib"], {"kubectl-migrate:linked": "libz.a"})
        self.assertEqual(parts["tl-expected"], {"kubectl-migrate:compiled": "headers"})

    def test_each_part_has_debians_version_and_its_licenses(self):
        for part in json.loads(self.bom)["components"]:
            with self.subTest(part["name"]):
                self.assertIn(f"{part['name']} {part['version']}\n", self.licenses)
                self.assertTrue(part["licenses"])
                self.assertRegex(part["purl"], rf"^pkg:deb/debian/{part['name']}@[\w.%~-]+\?arch=source$")
        asked = ["dpkg-query", "-W", "-f", "${source:Version}", "zlib1g-dev"]
        version = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
        (zlib,) = [part for part in json.loads(self.bom)["components"] if part["name"] == "zlib"]
        self.assertEqual(zlib["version"], version)

    def test_licenses_that_texts_only_name_are_there_in_full(self):
        self.assertIn("/usr/share/common-licenses/LGPL-2.1", self.licenses)
        self.assertIn("GNU LESSER GENERAL PUBLIC LICENSE\n                       Version 2.1", self.licenses)

    def test_it_is_of_this_program_and_of_the_releases_time(self):
        about = json.loads(self.bom)["metadata"]
        self.assertEqual(about["timestamp"], "1970-01-02T00:00:00Z")
        self.assertEqual(about["component"]["version"], "1.2.3")
        digest = subprocess.run(
            ["sha256sum", self.folder / "build/bin/kubectl-migrate"], capture_output=True, text=True, check=True
        ).stdout.split()[0]
        self.assertEqual(about["component"]["hashes"], [{"alg": "SHA-256", "content": digest}])

    def test_the_same_build_gives_the_same_bytes(self):
        self.assertEqual(self.made("twice"), (self.bom, self.licenses))


if __name__ == "__main__":
    unittest.main()
