"""Turns the demo's reports as PDF into a picture of every page, for somebody to look at, and counts the pages; makes the pictures
of the page that the README shows small.

The pictures are left where GLIDEPATH_PAGES says, or beside the tools; those of an earlier run go first. No text may be smaller
than what is read on paper: the sizes are measured on the pages as they are drawn, charts included.
"""

import html
import os
import pathlib
import re
import subprocess

from PIL import Image

import program

KINDS = ["funding-pack", "ask", "trajectory", "actual-vs-projected"]
# A funding manager reads no more.
MOST_PAGES = {"funding-pack": 12}
# Dots an inch: small print can be read.
DOTS = 110
# In points. A font's box is higher than its size by a factor that is the font's own, IBM Plex Sans'.
SMALLEST = 7.5
BOX = 1.3
# Rounding on the way to the box.
TOLERANCE = 0.05
# The README's pictures: few colours are enough for text and curves.
README = ["page.png", "page-phone.png"]
COLOURS = 64
LARGEST = 200 * 1024
DEFAULT_FOLDER = pathlib.Path.home() / ".cache/glidepath/pages"
WORD = re.compile(r'<word xMin="[-\d.]+" yMin="([-\d.]+)" xMax="[-\d.]+" yMax="([-\d.]+)">(.*?)</word>')


def pictures_folder():
    """Where pictures are left."""
    path = pathlib.Path(os.environ.get("GLIDEPATH_PAGES") or DEFAULT_FOLDER)
    path.mkdir(parents=True, exist_ok=True)
    return path


def draw(pdftoppm, address, demo, log):
    """A sentence on what was drawn and where it lies."""
    folder = pictures_folder()
    for kind in KINDS:
        for old in [*folder.glob(f"{kind}-[0-9]*.png"), *folder.glob(f"{kind}.pdf")]:
            old.unlink()
    pages = {kind: pages_of(pdftoppm, folder, kind, program.wait_for(f"{address}/api/v1/reports/{kind}.pdf", demo, log)) for kind in KINDS}
    for kind, most in MOST_PAGES.items():
        if pages[kind] > most:
            raise program.CheckFailed(f"the {kind} has {pages[kind]} pages, more than {most}; see {folder}")
    counted = ", ".join(f"{kind} {count}" for kind, count in pages.items())
    return f"every page is a picture in {folder} ({counted})"


def reduce():
    """Fewer colours for the README's pictures, which are as large as they may be at most."""
    for name in README:
        file = pictures_folder() / name
        with Image.open(file) as picture:
            picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)
        size = file.stat().st_size
        if size > LARGEST:
            raise program.CheckFailed(f"{file} has {size} bytes, more than {LARGEST}")


def pages_of(pdftoppm, folder, kind, pdf):
    file = folder / f"{kind}.pdf"
    file.write_bytes(pdf)
    run([pdftoppm, "-r", str(DOTS), "-png", str(file), str(folder / kind)])
    words = WORD.findall(run([str(pathlib.Path(pdftoppm).with_name("pdftotext")), "-bbox", str(file), "-"]))
    if len(words) < 100:
        raise program.CheckFailed(f"{file} holds {len(words)} words, so next to nothing was measured")
    sizes = [((float(bottom) - float(top)) / BOX, html.unescape(word)) for top, bottom, word in words]
    size, word = min(sizes)
    if size < SMALLEST - TOLERANCE:
        raise program.CheckFailed(f"{file}: {word!r} is set in {size:.2f} pt, smaller than {SMALLEST}")
    return len(list(folder.glob(f"{kind}-[0-9]*.png")))


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise program.CheckFailed(f"{command[0]} ended with {done.returncode}: {done.stderr[-500:]}")
    return done.stdout
