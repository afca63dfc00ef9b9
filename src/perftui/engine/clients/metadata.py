"""Places that tell a machine of a cloud its own credentials: nobody has a reason to load them."""

from __future__ import annotations

METADATA_ADDRESSES = (
    "169.254.169.254", "169.254.170.2", "169.254.170.23", "168.63.129.16", "192.0.0.192", "100.100.100.200",
    "fd00:ec2::254", "fd00:ec2::23",
)  # fmt: skip
METADATA_NAMES = ("metadata.google.internal",)
