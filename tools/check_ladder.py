#!/usr/bin/env python3
"""The ladder of docs/ICE.md and its picture are what docs/evidence/ice-ladder.json gives: no figure is typed by hand."""
import ice_ladder
from tree import finish

finish(ice_ladder.problems(), "the ladder of ICE.md and its picture")
