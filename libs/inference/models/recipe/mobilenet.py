"""MobileNetV1 (Howard et al. 2017) at a width multiplier, for 64x64 RGB.

Strides are the published ones: at 64 px the last feature map is 2x2. A stem of stride 1 would see
small targets better at four times the multiplications, which the smallest tier could not pay.
"""

import torch
import torch.nn as nn

# (output channels at width 1.0, stride) of the thirteen depthwise-separable blocks.
BLOCKS = [
    (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2),
    (512, 1), (512, 1), (512, 1), (512, 1), (512, 1), (1024, 2), (1024, 1),
]
STEM_CHANNELS = 32
WIDTHS = [1.0, 0.75, 0.5, 0.25]


class MobileNetV1(nn.Sequential):
    """Logits [batch, classes] of float32 [batch, 3, side, side]."""

    def __init__(self, width, classes=10):
        channels = lambda at_full_width: int(at_full_width * width)
        layers = [_conv_bn_relu(3, channels(STEM_CHANNELS), kernel=3, stride=2)]
        previous = channels(STEM_CHANNELS)
        for at_full_width, stride in BLOCKS:
            layers.append(_conv_bn_relu(previous, previous, kernel=3, stride=stride, groups=previous))
            layers.append(_conv_bn_relu(previous, channels(at_full_width), kernel=1))
            previous = channels(at_full_width)
        layers += [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(previous, classes)]
        super().__init__(*layers)


def count(width, side=64, classes=10):
    """(multiply-accumulates of one scene, trainable parameters), batch norms folded."""
    macs = parameters = 0

    def convolution(inputs_per_group, outputs, kernel):
        nonlocal macs, parameters
        macs += side * side * outputs * inputs_per_group * kernel * kernel
        parameters += outputs * (inputs_per_group * kernel * kernel + 1)

    previous, side = int(STEM_CHANNELS * width), side // 2
    convolution(3, previous, 3)
    for at_full_width, stride in BLOCKS:
        side //= stride
        convolution(1, previous, 3)
        convolution(previous, int(at_full_width * width), 1)
        previous = int(at_full_width * width)
    return macs + previous * classes, parameters + (previous + 1) * classes


def _conv_bn_relu(inputs, outputs, kernel, stride=1, groups=1):
    return nn.Sequential(
        _Convolution(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )


class _Convolution(nn.Conv2d):
    """Keeps strided and 1024-channel depthwise layers in float32 under bfloat16 autocast.

    oneDNN (PyTorch 2.15, Zen 4) takes 115-145 ms for their bfloat16 backward pass at batch 128
    where float32 takes 1.4-25 ms; all other layers are two to four times faster in bfloat16.
    """

    def forward(self, x):
        slow_in_bfloat16 = self.groups > 1 and (self.stride[0] > 1 or self.groups >= 768)
        if not (slow_in_bfloat16 and x.dtype == torch.bfloat16):
            return super().forward(x)
        with torch.autocast("cpu", enabled=False):
            return super().forward(x.float()).to(x.dtype)
