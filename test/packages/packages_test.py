"""A release of this source, both architectures: made twice, and installed by a real krew as a user would.

The programs are built with the presets release and release-arm64; the first time that takes as long as compiling does.
"""

import contextlib
import functools
import http.server
import os
import re
import shutil
import struct
import subprocess
import tempfile
import threading
import unittest
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
VERSION = re.search(r"project\(kubectl-migrate VERSION ([\d.]+)", (PROJECT / "CMakeLists.txt").read_text())[1]
MACHINES = {"amd64": 62, "arm64": 183}  # e_machine of ELF
RUNNERS = {"amd64": [], "arm64": ["qemu-aarch64-static"]}


def output_of(*command, **options):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Packages(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory()))
        cls.out = cls.folder / "once"
        cls.out.mkdir()
        handler = functools.partial(QuietHandler, directory=str(cls.out))
        server = cls.enterClassContext(http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler))
        threading.Thread(target=server.serve_forever, daemon=True).start()
        cls.addClassCleanup(server.shutdown)
        cls.downloads = f"http://127.0.0.1:{server.server_address[1]}"
        cls.release(cls.out)
        cls.programs = {}
        for architecture in MACHINES:
            unpacked = cls.folder / architecture
            unpacked.mkdir()
            output_of("tar", "-xzf", cls.archive(architecture), "-C", unpacked)
            cls.programs[architecture] = unpacked / "kubectl-migrate"
        cls.krew_path = output_of(PROJECT / "test/cluster/cluster", "krew").strip()

    @classmethod
    def release(cls, out, *options):
        addresses = ["--repository", "https://code.test/kubectl-migrate", "--downloads", cls.downloads]
        output_of(PROJECT / "krew/release", f"v{VERSION}", "--out", out, *addresses, *options)

    @classmethod
    def archive(cls, architecture):
        return cls.out / f"kubectl-migrate_v{VERSION}_linux_{architecture}.tar.gz"

    def said_by(self, architecture, *words, name=None):
        """Standard output of the program, called by `name`; without a cluster to talk to."""
        program = name or self.programs[architecture]
        environment = {"PATH": "/usr/bin:/bin", "HOME": str(self.folder), "KUBECONFIG": "/dev/null"}
        done = subprocess.run(
            [*RUNNERS[architecture], program, *words], env=environment, capture_output=True, text=True, check=False
        )
        return done.stdout

    @contextlib.contextmanager
    def krew(self, architecture):
        """The environment of a user who has krew and nothing else, as on a machine of that architecture."""
        with tempfile.TemporaryDirectory() as home:
            yield {
                "PATH": f"{home}/.krew/bin:{self.krew_path}:/usr/bin:/bin",
                "HOME": home,
                "KUBECONFIG": "/dev/null",
                "KREW_ROOT": f"{home}/.krew",
                "KREW_OS": "linux",
                "KREW_ARCH": architecture,
                "KREW_NO_UPGRADE_CHECK": "1",
            }

    def install(self, architecture, environment):
        """Returns the link by which kubectl finds the plugin."""
        manifest = f"--manifest={self.out / 'migrate-pod.yaml'}"
        output_of("kubectl", "krew", "install", manifest, f"--archive={self.archive(architecture)}", env=environment)
        link = Path(environment["KREW_ROOT"], "bin/kubectl-migrate_pod")
        self.assertTrue(link.is_symlink())
        self.assertEqual(link.read_bytes(), self.programs[architecture].read_bytes())
        return link

    def test_made_again_it_is_the_same_to_the_byte(self):
        again = self.folder / "again"
        self.release(again, "--built", PROJECT / "build")
        self.assertEqual(sorted(os.listdir(again)), sorted(os.listdir(self.out)))
        for file in self.out.iterdir():
            with self.subTest(file.name):
                self.assertEqual(file.read_bytes(), (again / file.name).read_bytes())

    def test_programs_are_of_their_architecture_and_static(self):
        for architecture, machine in MACHINES.items():
            with self.subTest(architecture):
                program = self.programs[architecture].read_bytes()
                self.assertEqual(struct.unpack_from("<4s14xH", program), (b"\x7fELF", machine))
                self.assertNotIn("INTERP", output_of("readelf", "--program-headers", self.programs[architecture]))

    def test_programs_of_both_architectures_say_the_same(self):
        for line in ("--help", "drain --help", "version", "completion bash", "__man", "__complete ver"):
            with self.subTest(line):
                said = self.said_by("amd64", *line.split())
                self.assertTrue(said)
                self.assertEqual(self.said_by("arm64", *line.split()), said)
        self.assertIn(f"Plugin   {VERSION}\n", self.said_by("arm64", "version"))

    def test_krew_installs_each_architectures_archive(self):
        for architecture in MACHINES:
            with self.subTest(architecture), self.krew(architecture) as environment:
                link = self.install(architecture, environment)
                self.assertIn("kubectl migrate-pod", self.said_by(architecture, "--help", name=link))
                self.assertIn(f"Plugin   {VERSION}\n", self.said_by(architecture, "version", name=link))

    def test_kubectl_runs_what_krew_has_installed_by_krews_name(self):
        with self.krew("amd64") as environment:
            self.install("amd64", environment)
            said = output_of("kubectl", "migrate-pod", "--help", env=environment)
            self.assertIn("kubectl migrate-pod", said)
            self.assertNotRegex(said, r"kubectl migrate(?![-\w])")

    def test_the_caveats_line_makes_kubectl_complete_it(self):
        with self.krew("amd64") as environment:
            self.install("amd64", environment)
            manifest = (self.out / "migrate-pod.yaml").read_text(encoding="utf-8")
            (line,) = re.findall(r"^ +(ln -s .*)$", manifest, re.MULTILINE)
            output_of("sh", "-c", line, env=environment)
            words = output_of("kubectl", "__complete", "migrate-pod", "che", env=environment).splitlines()
            self.assertIn("check", [word.split("\t")[0] for word in words])

    def test_krews_validator_downloads_and_installs_all_platforms(self):
        with self.krew("amd64") as environment:
            output_of("validate-krew-manifest", "-manifest", self.out / "migrate-pod.yaml", env=environment)

    def test_lintian_has_nothing_to_say(self):
        for architecture in MACHINES:
            with self.subTest(architecture):
                deb = self.out / f"kubectl-migrate_{VERSION}_{architecture}.deb"
                # It takes this machine's architecture for that of all packages.
                foreign = ["--suppress-tags", "binary-from-other-architecture"]
                self.assertEqual(output_of("lintian", "--allow-root", "--fail-on", "error,warning", *foreign, deb), "")

    def test_dpkg_installs_the_deb_and_takes_it_away_again(self):
        root = self.folder / "root"
        for folder in ("var/lib/dpkg/info", "var/lib/dpkg/updates", "var/log"):
            (root / folder).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        dpkg = ["dpkg", f"--root={root}", "--log=/dev/null"]
        output_of(*dpkg, "--install", self.out / f"kubectl-migrate_{VERSION}_amd64.deb")
        link = root / "usr/bin/kubectl_complete-migrate"
        self.assertIn("check\t", self.said_by("amd64", "che", name=link))
        output_of(*dpkg, "--purge", "kubectl-migrate")
        self.assertEqual([path for path in root.rglob("*kubectl*") if "dpkg" not in path.parts], [])

    def test_it_needs_no_more_than_the_archive(self):
        """In an empty root, as whoever unpacks it elsewhere has no library of ours."""
        root = self.folder / "empty"
        root.mkdir()
        shutil.copy(self.programs["amd64"], root)
        self.assertIn("kubectl-migrate", output_of("chroot", root, "/kubectl-migrate", "completion", "bash"))


if __name__ == "__main__":
    unittest.main()
