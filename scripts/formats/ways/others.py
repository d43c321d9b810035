"""Translation memories, and formats that are not read."""

import pickle
import xml.etree.ElementTree as tree

from .registry import way

for languages, encoding in [(("ko-KR", "en-US"), "utf-8"), (("KOR", "ENG"), "utf-8"), (("ko", "en"), "utf-16")]:

    @way(f"TMX by `xml.etree`, {languages[0]} and {languages[1]}, {encoding.upper()}")
    def _(pairs, folder, languages=languages, encoding=encoding):
        root = tree.Element("tmx", version="1.4")
        tree.SubElement(root, "header", srclang=languages[1], datatype="plaintext")
        body = tree.SubElement(root, "body")
        for row in pairs.rows:
            unit = tree.SubElement(body, "tu")
            for language, text in zip(languages, row):
                tree.SubElement(tree.SubElement(unit, "tuv", {"xml:lang": language}), "seg").text = text
        tree.ElementTree(root).write(folder / "pairs.tmx", encoding=encoding, xml_declaration=True)


@way("pandas `to_html`")
def _(pairs, folder):
    pairs.frame.to_html(folder / "pairs.html")


@way("pandas `to_stata`")
def _(pairs, folder):
    pairs.frame.to_stata(folder / "pairs.dta", version=118)


@way("Python `pickle`")
def _(pairs, folder):
    (folder / "pairs.pkl").write_bytes(pickle.dumps(pairs.rows))
