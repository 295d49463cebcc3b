"""The pictures of docs/pictures.md: that they are of the screens as they are, and how they are drawn."""

import re
import unittest
from pathlib import Path
from xml.etree import ElementTree

from scripts import load

DOCS = Path(__file__).resolve().parents[3] / "docs"
WIDEST = 830  # pixels of a page of GitHub's

make = load(DOCS / "pictures/make")

PAGE = """$ kubectl migrate list

=== 80 columns: exit code 0
NAME   POD
a <b>  c

=== 200 columns; pipes: exit code 3
^[[32m✓^[[0m Done   ^[[2mlater^[[0m
"""


class Pictures(unittest.TestCase):
    def test_they_are_as_the_screens_are(self):
        for picture in make.PICTURES:
            with self.subTest(picture.name):
                file = DOCS / f"pictures/{picture.name}.svg"
                same = file.exists() and file.read_text(encoding="utf-8") == make.made(picture)
                self.assertTrue(same, "docs/pictures/make writes it anew")

    def test_the_page_shows_all_of_them_and_no_other(self):
        shown = re.findall(r"!\[[^\]]+\]\(pictures/([\w-]+)\.svg\)", (DOCS / "pictures.md").read_text(encoding="utf-8"))
        drawn = sorted(picture.name for picture in make.PICTURES)
        self.assertEqual(sorted(shown), drawn)
        self.assertEqual(sorted(file.stem for file in (DOCS / "pictures").glob("*.svg")), drawn)

    def test_they_are_images_that_fit_the_page(self):
        for picture in make.PICTURES:
            with self.subTest(picture.name):
                image = ElementTree.fromstring(make.made(picture))
                self.assertEqual(image.tag, "{http://www.w3.org/2000/svg}svg")
                self.assertLessEqual(float(image.get("width")), WIDEST)


class Drawing(unittest.TestCase):
    def test_a_page_is_a_typed_line_and_screens_by_their_looks(self):
        typed, screens = make.screens_of(PAGE)
        self.assertEqual(typed, "$ kubectl migrate list")
        self.assertEqual(sorted(screens), ["200 columns", "80 columns", "pipes"])
        self.assertEqual(screens["80 columns"], ["NAME   POD", "a <b>  c"])
        self.assertEqual(screens["pipes"], screens["200 columns"])

    def test_colours_are_runs(self):
        self.assertEqual(
            make.runs_of("^[[32m✓^[[0m Done   ^[[2mlater^[[0m"), [("✓", "32"), (" Done   ", ""), ("later", "2")]
        )
        self.assertRaises(SystemExit, make.runs_of, "^[[35mpink^[[0m")

    def test_words_stand_where_the_terminal_has_them(self):
        pieces = [ElementTree.fromstring(piece) for piece in make.drawn("^[[32m✓^[[0m Done   ^[[2mlater^[[0m", 44)]
        self.assertEqual([piece.text for piece in pieces], ["✓", "Done", "later"])
        columns = [(float(piece.get("x")) - make.MARGIN) / make.CELL for piece in pieces]
        self.assertEqual([round(column) for column in columns], [0, 2, 9])
        self.assertEqual([piece.get("fill") for piece in pieces], [make.COLOURS["32"], None, make.COLOURS["2"]])

    def test_signs_of_xml_are_text(self):
        (piece, _) = make.drawn("a <b> & c  d", 44)
        self.assertEqual(ElementTree.fromstring(piece).text, "a <b> & c")

    def test_a_screen_that_is_not_there_is_said(self):
        with self.assertRaisesRegex(SystemExit, "no screen «3 columns»"):
            make.made(make.Picture("list", "3 columns"))


if __name__ == "__main__":
    unittest.main()
