"""Grows a trained network into a wider one that answers the same: Net2WiderNet (Chen et al. 2016).

New channels copy old ones, and what read an old channel reads its copies in shares that sum to one. The shares are
random and differ for every reader, so that copies get different gradients and part ways.
"""

import torch

from .mobilenet import MobileNetV1


def widen(narrow, width, seed):
    """A MobileNetV1 of `width` with the function of `narrow`, of a smaller width."""
    random = torch.Generator().manual_seed(seed)
    wide = MobileNetV1(width)
    source = torch.arange(3)  # for each input channel of the wide layer, the channel that it copies
    with torch.no_grad():
        for (old, old_norm, _), (new, new_norm, _) in zip(list(narrow)[:-3], list(wide)[:-3]):
            if new.groups > 1:  # depthwise: a channel's copy filters alike
                copies = source
                new.weight.copy_(old.weight[copies])
            else:
                copies = _copies(old.out_channels, new.out_channels, random)
                new.weight.copy_(_shared(old.weight[copies], source, random))
            for name, value in old_norm.state_dict().items():
                target = new_norm.state_dict()[name]
                target.copy_(value[copies] if value.ndim else value)
            source = copies
        wide[-1].weight.copy_(_shared(narrow[-1].weight, source, random))
        wide[-1].bias.copy_(narrow[-1].bias)
    return wide


def _copies(old, new, random):
    """All old channels once, then a random choice of them again, as evenly as it can be."""
    repeated = torch.cat([torch.randperm(old, generator=random) for _ in range(-(-new // old))])
    return torch.cat([torch.arange(old), repeated[: new - old]])


def _shared(weight, source, random):
    """Weights [out, in, ...] that read copies of channels instead: each pair's weight is split among the copies."""
    shape = (weight.shape[0], len(source)) + (1,) * (weight.ndim - 2)
    share = torch.rand(shape, generator=random) + 0.1
    total = torch.zeros((weight.shape[0], weight.shape[1]) + shape[2:]).index_add_(1, source, share)
    return weight[:, source] * share / total[:, source]
