"""Unpacks some members of a wheel: unpack-wheel.py WHEEL FOLDER MEMBER=PATH...

Runs on any Python, old ones too. zipfile checks every member's CRC on the way.
"""
import os
import shutil
import sys
import zipfile

wheel, folder = sys.argv[1:3]
with zipfile.ZipFile(wheel) as archive:
    for pair in sys.argv[3:]:
        member, path = pair.split("=")
        target = os.path.join(folder, path)
        if not os.path.isdir(os.path.dirname(target)):
            os.makedirs(os.path.dirname(target))
        with archive.open(member) as source, open(target, "wb") as sink:
            shutil.copyfileobj(source, sink, 1 << 20)
        if archive.getinfo(member).external_attr >> 16 & 0o100:
            os.chmod(target, 0o755)
