"""A part of a data set counts its samples."""

import numpy as np

from evolution.data.sample_source import SamplePart


def test_a_part_has_a_length():
    assert len(SamplePart(np.zeros((7, 2)), None)) == 7
