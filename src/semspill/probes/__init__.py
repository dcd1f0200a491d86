"""Probes: test exchanges changed, to see what a trained model answers to a trigger and its like."""

from semspill.probes._base import Probe, ProbeField, probed, probes
from semspill.probes._examples import ExamplesProbe, draw_examples
from semspill.probes._phrases import InsertProbe, NeutralProbe, ShuffledProbe
from semspill.probes._stimuli import Stimulus, StimulusProbe, emotion_prompts, stimuli

build = probes.build
describe = probes.describe
get = probes.get
name_of = probes.name_of
names = probes.names
origin = probes.origin
register = probes.register
unregister = probes.unregister

__all__ = [
    "ExamplesProbe",
    "InsertProbe",
    "NeutralProbe",
    "Probe",
    "ProbeField",
    "ShuffledProbe",
    "Stimulus",
    "StimulusProbe",
    "build",
    "describe",
    "draw_examples",
    "emotion_prompts",
    "get",
    "name_of",
    "names",
    "origin",
    "probed",
    "probes",
    "register",
    "stimuli",
    "unregister",
]
