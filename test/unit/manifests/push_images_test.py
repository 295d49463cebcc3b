"""manifests/push-images: what it makes, pushes and writes."""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[3]
SCRIPT = PROJECT / "manifests/push-images"
VERSION = re.search(r"project\(kubectl-migrate VERSION ([\d.]+)", (PROJECT / "CMakeLists.txt").read_text())[1]
PROGRAMS = ("migrate-agent", "migrate-runc", "migrate-extender", "migrate-counter")

# Each notes its words; the archive is the last one's file.
OCI_IMAGE = '#!/bin/sh\necho "oci-image $*" >>"$CALLS"\nfor last; do :; done\n: >"$last"\n'
SKOPEO = '#!/bin/sh\necho "skopeo $*" >>"$CALLS"\n[ -z "$REFUSED" ]\n'
KUBECTL = '#!/bin/sh\n[ -n "$SERVER" ] && printf \'{\\n  "gitVersion": "%s",\\n  "x": 1\\n}\\n\' "$SERVER"\n'


def put(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    file.chmod(0o755)


class PushingImages(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        for program in PROGRAMS:
            put(self.folder / "bin" / program, program)
        put(self.folder / "bin/oci-image", OCI_IMAGE)
        put(self.folder / "path/skopeo", SKOPEO)
        put(self.folder / "path/kubectl", KUBECTL)
        self.calls = self.folder / "calls"

    def run_it(self, *arguments, server="v1.34.1", refused=""):
        self.calls.write_text("", encoding="utf-8")
        environment = os.environ | {
            "PATH": f"{self.folder / 'path'}:{os.environ['PATH']}",
            "CALLS": str(self.calls),
            "SERVER": server,
            "REFUSED": refused,
        }
        return subprocess.run(
            [SCRIPT, *arguments, "--built", self.folder / "bin", "--out", self.folder / "out"],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def called(self, program):
        lines = self.calls.read_text(encoding="utf-8").splitlines()
        return [line for line in lines if line.startswith(program + " ")]

    def kustomization(self):
        return (self.folder / "out/kustomization.yaml").read_text(encoding="utf-8")

    def tag(self, program):
        return re.search(rf'newName: \S+/{program}, newTag: "([^"]+)"', self.kustomization())[1]

    def test_both_images_are_pushed_and_named(self):
        done = self.run_it("registry.example/team/")
        self.assertEqual(done.returncode, 0, done.stderr)
        agent, extender = self.tag("migrate-agent"), self.tag("migrate-extender")
        self.assertRegex(agent, rf"^{re.escape(VERSION)}-[0-9a-f]{{12}}$")
        self.assertNotEqual(agent, extender)
        made = self.called("oci-image")
        self.assertEqual(len(made), 2)
        for line, first, second, tag in zip(made, PROGRAMS[::2], PROGRAMS[1::2], (agent, extender), strict=True):
            self.assertIn(f"--name registry.example/team/{first}:{tag} --entrypoint /{first} ", line)
            for program in (first, second):
                self.assertIn(f"/bin/{program}=/{program}:0755", line)
        self.assertEqual(
            [line.split()[-1] for line in self.called("skopeo")],
            [
                f"docker://registry.example/team/migrate-agent:{agent}",
                f"docker://registry.example/team/migrate-extender:{extender}",
            ],
        )
        self.assertEqual(list((self.folder / "out").glob("*.tar")), [])

    def test_the_kustomization_is_of_the_manifests(self):
        self.run_it("registry.example")
        base = re.search(r"^resources: \[(.*)\]$", self.kustomization(), re.M)[1]
        self.assertFalse(base.startswith("/"))
        self.assertEqual((self.folder / "out" / base).resolve(), PROJECT / "manifests")
        # Names that the manifests have: others would replace nothing.
        manifests = "".join(file.read_text(encoding="utf-8") for file in (PROJECT / "manifests").rglob("*.yaml"))
        for name in re.findall(r"\{name: ([^,]+),", self.kustomization()):
            self.assertIn(f"image: {name}:", manifests)

    def test_the_scheduler_is_of_the_cluster_s_version(self):
        for server, tag in (("v1.34.1", "v1.34.1"), ("v1.33.2-gke.100", "v1.33.2"), ("v1.32.0+k3s1", "v1.32.0")):
            self.run_it("registry.example", server=server)
            self.assertIn(f"- {{name: registry.k8s.io/kube-scheduler, newTag: {tag}}}\n", self.kustomization())
        done = self.run_it("registry.example", server="")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("kubectl reaches no cluster", done.stderr)
        self.assertNotIn("kube-scheduler", self.kustomization())

    def test_another_content_is_another_tag(self):
        self.run_it("registry.example")
        before = self.tag("migrate-agent"), self.tag("migrate-extender")
        put(self.folder / "bin/migrate-runc", "another")
        self.run_it("registry.example")
        self.assertNotEqual(self.tag("migrate-agent"), before[0])
        self.assertEqual(self.tag("migrate-extender"), before[1])

    def test_archives_are_kept_where_nothing_is_pushed(self):
        done = self.run_it("registry.example", "--no-push")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(self.called("skopeo"), [])
        names = sorted(file.name for file in (self.folder / "out").glob("*.tar"))
        self.assertEqual(names, ["migrate-agent.tar", "migrate-extender.tar"])

    def test_what_is_missing_is_said(self):
        for arguments, text in (
            (("https://registry.example",), "without a scheme"),
            (("a", "b"), "two registries"),
            (("a", "--fast"), "unknown option --fast"),
        ):
            done = self.run_it(*arguments)
            self.assertEqual(done.returncode, 1)
            self.assertIn(text, done.stderr)
        self.assertEqual(self.run_it().returncode, 2)
        done = self.run_it("registry.example", refused="yes")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cannot push registry.example/migrate-agent:", done.stderr)
        (self.folder / "bin/migrate-counter").unlink()
        done = self.run_it("registry.example")
        self.assertEqual(done.returncode, 1)
        self.assertIn("cmake --build --preset release", done.stderr)


if __name__ == "__main__":
    unittest.main()
