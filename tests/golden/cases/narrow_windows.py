"""Windows that are larger than the image: nothing is left of it, or it is refused, as the stride says."""
import numpy as np

from golden_lib import R, family, tf, v1

OPS = {
    "conv": lambda x, c, k, s: v1.nn.conv2d(x, c.array([k, k, 3, 4]), [1, s, s, 1], "VALID"),
    "fused": lambda x, c, k, s: v1.nn.relu(v1.nn.bias_add(v1.nn.conv2d(x, c.array([k, k, 3, 4]), [1, s, s, 1], "VALID"), c.array([4]))),
    "depthwise": lambda x, c, k, s: v1.nn.depthwise_conv2d(x, c.array([k, k, 3, 2]), [1, s, s, 1], "VALID"),
    "max": lambda x, c, k, s: v1.nn.max_pool(x, [1, k, k, 1], [1, s, s, 1], "VALID"),
    "average": lambda x, c, k, s: v1.nn.avg_pool(x, [1, k, k, 1], [1, s, s, 1], "VALID"),
    "dilation": lambda x, c, k, s: R.Dilation2D(input=x, filter=c.array([k, k, 3]), strides=[1, s, s, 1], rates=[1, 1, 1, 1], padding="VALID"),
}


@family("narrow_windows")
def images(s):
    for name, op in OPS.items():
        for k, stride in ((5, 1), (6, 2), (7, 2), (8, 3)):
            with s.case(f"{name}_{k}_{stride}") as c:
                c.fetch(op(c.feed(c.array([2, 4, 7, 3]), shape=[None, None, None, 3]), c, k, stride))
        with s.case(f"{name}_refused", error=True) as c:
            c.fetch(op(c.feed(c.array([2, 4, 7, 3]), shape=[None, None, None, 3]), c, 6, 1))
