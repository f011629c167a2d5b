"""`linkml_peer.py` with LinkML's runtime in Rust (linkml-runtime-rust), which reads the same schema and nodes."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from bench.peers.linkml_peer import main

if __name__ == "__main__":
    sys.exit(main(engine="rust"))
