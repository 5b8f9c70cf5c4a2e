"""The network within its wrappers, and the names of its modules."""

import pytest
import torch
from torch import nn

from activation_recorder import RecorderError
from activation_recorder.network import named_modules, unwrapped
from support.recorded import Net


def test_wrappers_are_taken_off():
    net = Net()
    assert unwrapped(nn.DataParallel(torch.compile(net, backend="eager"))) is net


def test_a_part_that_is_compiled_keeps_its_name():
    net = Net()
    plain = list(named_modules(net))
    inner = net.fc1
    net.fc1 = torch.compile(net.fc1, backend="eager")
    assert list(named_modules(net)) == plain
    assert named_modules(net)["fc1"] is inner


def test_weights_that_one_process_does_not_have_are_refused():
    net = Net()
    net.fc1.weight.ds_id = 3
    with pytest.raises(RecorderError, match=r"spread over several processes .* Save checkpoints"):
        unwrapped(net)


def test_lazy_layers_are_refused_before_a_pass_makes_them():
    with pytest.raises(RecorderError, match=r"0.weight has no size before samples pass"):
        unwrapped(nn.Sequential(nn.LazyLinear(3)))
    with pytest.raises(RecorderError, match=r"0.running_mean has no size before samples pass"):
        unwrapped(nn.Sequential(nn.LazyBatchNorm1d(affine=False)))
    with pytest.raises(RecorderError, match="model is a list"):
        unwrapped([])


@pytest.mark.filterwarnings("ignore")
def test_a_scripted_model_is_refused():
    with pytest.raises(RecorderError, match=r"made by torch\.jit"):
        unwrapped(torch.jit.script(nn.Linear(2, 2)))
