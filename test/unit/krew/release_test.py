"""krew/release: what a release consists of, made of programs that are there."""

import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
import tempfile
import unittest
from pathlib import Path

import small_build

PROJECT = Path(__file__).resolve().parents[3]
RELEASE = PROJECT / "krew/release"
VERSION = re.search(r"project\(kubectl-migrate VERSION ([\d.]+)", (PROJECT / "CMakeLists.txt").read_text())[1]
ARCHITECTURES = ("amd64", "arm64")
PUBLISHED = "https://code.test/kubectl-migrate"
EPOCH = 1_700_000_000
MAINTAINER = "kubectl-migrate maintainers <kubectl-migrate@users.noreply.github.com>"


def release(*arguments, **environment):
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(EPOCH)} | environment
    return subprocess.run([RELEASE, *arguments], env=environment, capture_output=True, text=True, check=False)


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


class ARelease(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = Path(folder.name)
        small_build.make(cls.folder / "built/release")
        shutil.copytree(cls.folder / "built/release", cls.folder / "built/release-arm64")
        cls.out = cls.made("once")

    @classmethod
    def made(cls, name, umask=0o022, **environment):
        out = cls.folder / name
        before = os.umask(umask)
        try:
            done = release(
                f"v{VERSION}", "--built", cls.folder / "built", "--out", out, "--repository", PUBLISHED, **environment
            )
        finally:
            os.umask(before)
        if done.returncode != 0:
            raise AssertionError(done.stderr)
        return out

    def archive(self, architecture):
        return self.out / f"kubectl-migrate_v{VERSION}_linux_{architecture}.tar.gz"

    def deb(self, architecture):
        return self.out / f"kubectl-migrate_{VERSION}_{architecture}.deb"

    def manifest(self):
        return (self.out / "migrate-pod.yaml").read_text(encoding="utf-8")

    def test_it_has_these_files_and_no_others(self):
        expected = ["SHA256SUMS", "migrate-pod.yaml"]
        for architecture in ARCHITECTURES:
            stem = f"kubectl-migrate_v{VERSION}_linux_{architecture}"
            expected += [f"{stem}.tar.gz", f"{stem}.cdx.json", f"kubectl-migrate_{VERSION}_{architecture}.deb"]
        self.assertEqual(sorted(file.name for file in self.out.iterdir()), sorted(expected))

    def test_made_again_elsewhere_it_is_the_same_to_the_byte(self):
        for file in (self.folder / "built").rglob("kubectl-migrate"):
            os.utime(file, (EPOCH - 5, EPOCH - 5))
        again = self.made("again", umask=0o077, TZ="Asia/Tokyo", LC_ALL="C.UTF-8")
        for file in self.out.iterdir():
            with self.subTest(file.name):
                self.assertEqual(file.read_bytes(), (again / file.name).read_bytes())

    def test_what_another_release_has_left_is_removed_and_nothing_else(self):
        out = self.folder / "reused"
        out.mkdir()
        for name in ("kubectl-migrate_v0.0.9_linux_amd64.tar.gz", "notes.txt"):
            (out / name).write_text("of before", encoding="utf-8")
        self.made("reused")
        self.assertEqual(sorted(file.name for file in out.iterdir()), sorted([*os.listdir(self.out), "notes.txt"]))
        self.assertNotIn("notes.txt", (out / "SHA256SUMS").read_text(encoding="utf-8"))

    def test_the_sums_are_right(self):
        self.assertEqual(output_of("env", "-C", self.out, "sha256sum", "--check", "--quiet", "SHA256SUMS"), "")
        self.assertEqual(len((self.out / "SHA256SUMS").read_text().splitlines()), len(os.listdir(self.out)) - 1)

    def test_an_archive_is_flat_and_has_the_licenses(self):
        for architecture in ARCHITECTURES:
            with self.subTest(architecture), tarfile.open(self.archive(architecture)) as archive:
                members = archive.getmembers()
                self.assertEqual(
                    [(member.name, oct(member.mode)) for member in members],
                    [("LICENSE", "0o644"), ("THIRD-PARTY-LICENSES", "0o644"), ("kubectl-migrate", "0o755")],
                )
                for member in members:
                    self.assertEqual((member.uid, member.gid, member.uname, member.mtime), (0, 0, "", EPOCH))
                self.assertEqual(archive.extractfile("LICENSE").read(), (PROJECT / "LICENSE").read_bytes())
                self.assertIn(b"zlib", archive.extractfile("THIRD-PARTY-LICENSES").read())
                self.assertEqual(
                    archive.extractfile("kubectl-migrate").read(),
                    (self.folder / "built/release/bin/kubectl-migrate").read_bytes(),
                )

    def test_the_list_of_parts_is_of_its_architecture(self):
        for architecture in ARCHITECTURES:
            with self.subTest(architecture):
                stem = f"kubectl-migrate_v{VERSION}_linux_{architecture}"
                bom = json.loads((self.out / f"{stem}.cdx.json").read_text(encoding="utf-8"))
                about = bom["metadata"]["component"]
                self.assertEqual(about["version"], VERSION)
                self.assertEqual(about["properties"], [{"name": "kubectl-migrate:architecture", "value": architecture}])

    def test_the_manifest_names_each_archive_with_its_sum(self):
        platform = r"os: linux\n +arch: (\w+)\n +uri: (\S+)\n +sha256: ([0-9a-f]{64})\n +bin: kubectl-migrate\n"
        platforms = re.findall(platform, self.manifest())
        self.assertEqual(
            platforms,
            [
                (
                    architecture,
                    f"{PUBLISHED}/releases/download/v{VERSION}/{self.archive(architecture).name}",
                    hashlib.sha256(self.archive(architecture).read_bytes()).hexdigest(),
                )
                for architecture in ARCHITECTURES
            ],
        )

    def test_the_manifest_is_as_krews_reviewers_want_it(self):
        text = self.manifest()
        self.assertTrue(text.startswith("apiVersion: krew.googlecontainertools.github.com/v1alpha2\nkind: Plugin\n"))
        self.assertIn("\n  name: migrate-pod\n", text)
        self.assertIn(f"\n  version: v{VERSION}\n", text)
        self.assertLessEqual(len(re.search(r"\n  shortDescription: (.*)\n", text)[1]), 60)
        self.assertNotIn("files:", text)
        self.assertNotRegex(text, r"@\w+@")
        self.assertEqual([line for line in text.splitlines() if len(line) > 79 and "https://" not in line], [])
        self.assertIn("ln -s kubectl-migrate_pod ~/.krew/bin/kubectl_complete-migrate_pod\n", text)

    def test_a_deb_says_what_it_is(self):
        for architecture in ARCHITECTURES:
            with self.subTest(architecture):
                fields = output_of("dpkg-deb", "--field", self.deb(architecture))
                self.assertIn(f"Package: kubectl-migrate\nVersion: {VERSION}\nArchitecture: {architecture}\n", fields)
                self.assertIn(f"\nHomepage: {PUBLISHED}\n", fields)
                self.assertNotIn("Depends:", fields)
                self.assertIn(f"\nMaintainer: {MAINTAINER}\n", fields)  # whoever has made the last commit
                self.assertNotIn("@", re.sub(r"Maintainer: .*", "", fields))

    def test_a_deb_has_all_of_it_where_it_is_looked_for(self):
        root = self.folder / "unpacked"
        output_of("dpkg-deb", "--extract", self.deb("amd64"), root)
        self.assertEqual(
            sorted(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir() or path.is_symlink()),
            [
                "usr/bin/kubectl-migrate",
                "usr/bin/kubectl_complete-migrate",
                "usr/share/bash-completion/completions/kubectl-migrate",
                "usr/share/doc/kubectl-migrate/THIRD-PARTY-LICENSES.gz",
                "usr/share/doc/kubectl-migrate/changelog.gz",
                "usr/share/doc/kubectl-migrate/copyright",
                "usr/share/fish/vendor_completions.d/kubectl-migrate.fish",
                "usr/share/lintian/overrides/kubectl-migrate",
                "usr/share/man/man1/kubectl-migrate.1.gz",
                "usr/share/man/man1/kubectl_complete-migrate.1.gz",
                "usr/share/zsh/vendor-completions/_kubectl-migrate",
            ],
        )
        self.assertEqual(os.readlink(root / "usr/bin/kubectl_complete-migrate"), "kubectl-migrate")
        for shell, path in (
            ("bash", "bash-completion/completions/kubectl-migrate"),
            ("fish", "fish/vendor_completions.d/kubectl-migrate.fish"),
            ("zsh", "zsh/vendor-completions/_kubectl-migrate"),
        ):
            self.assertTrue((root / "usr/share" / path).read_text(encoding="utf-8").startswith(shell), path)
        self.assertIn(".TH SMALL 1", output_of("gzip", "-dc", root / "usr/share/man/man1/kubectl-migrate.1.gz"))
        changelog = output_of("gzip", "-dc", root / "usr/share/doc/kubectl-migrate/changelog.gz")
        self.assertTrue(changelog.startswith(f"kubectl-migrate ({VERSION}) "), changelog)
        self.assertIn(f"\n -- {MAINTAINER}  ", changelog)

    def test_a_debs_files_are_roots_and_for_all_to_read(self):
        for line in output_of("dpkg-deb", "--contents", self.deb("arm64")).splitlines():
            mode, owner = line.split()[:2]
            self.assertEqual(owner, "root/root", line)
            wanted = "-rwxr-xr-x" if line.endswith("/bin/kubectl-migrate") else "-rw-r--r--"
            wanted = {"d": "drwxr-xr-x", "l": "lrwxrwxrwx"}.get(mode[0], wanted)
            self.assertEqual(mode, wanted, line)


class WhatIsRefused(unittest.TestCase):
    def test_before_anything_is_made(self):
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "out"
            common = ("--built", folder, "--out", out)
            for arguments, code, words in (
                ((), 2, "Usage: krew/release VERSION"),
                (("v9.9.9", *common), 1, f"the source is of v{VERSION} .*, not of v9.9.9"),
                ((f"v{VERSION}", *common, "--repository", "ftp://code.test"), 1, "where is the project published\\?"),
                ((f"v{VERSION}", "v1.0.0", *common), 1, f"two versions: v{VERSION}, v1.0.0"),
                ((VERSION, *common), 1, f"unknown argument '{VERSION}'"),
                (("--built",), 1, "--built needs a value"),
            ):
                with self.subTest(arguments):
                    done = release(*arguments)
                    self.assertEqual(done.returncode, code, done.stderr)
                    self.assertRegex(done.stderr, words)
                    self.assertFalse(out.exists())

    def test_a_folder_without_a_program(self):
        with tempfile.TemporaryDirectory() as folder:
            done = release(f"v{VERSION}", "--built", folder, "--out", Path(folder) / "out", "--repository", PUBLISHED)
            self.assertEqual(done.returncode, 1)
            self.assertRegex(done.stderr, f"no .*{folder}/release/bin/kubectl-migrate")
            self.assertFalse((Path(folder) / "out").exists())


if __name__ == "__main__":
    unittest.main()
