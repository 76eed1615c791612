"""XXH32 with seed 0, as the specification of xxHash has it."""

import struct

PRIME_1, PRIME_2, PRIME_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
PRIME_4, PRIME_5 = 0x27D4EB2F, 0x165667B1
MASK = 0xFFFFFFFF


def rotated(number, bits):
    number &= MASK
    return (number << bits | number >> (32 - bits)) & MASK


def xxh32(data):
    """The checksum of bytes, or of anything with a buffer."""
    data = memoryview(data)
    striped, whole = len(data) & ~15, len(data) & ~3
    if striped:
        a, b, c, d = PRIME_1 + PRIME_2 & MASK, PRIME_2, 0, -PRIME_1 & MASK
        for one, two, three, four in struct.iter_unpack("<4I", data[:striped]):
            # Written out, since a call for each lane doubles the time.
            a = a + one * PRIME_2 & MASK
            a = (a << 13 | a >> 19) * PRIME_1 & MASK
            b = b + two * PRIME_2 & MASK
            b = (b << 13 | b >> 19) * PRIME_1 & MASK
            c = c + three * PRIME_2 & MASK
            c = (c << 13 | c >> 19) * PRIME_1 & MASK
            d = d + four * PRIME_2 & MASK
            d = (d << 13 | d >> 19) * PRIME_1 & MASK
        found = rotated(a, 1) + rotated(b, 7) + rotated(c, 12) + rotated(d, 18)
    else:
        found = PRIME_5
    found += len(data)
    for (word,) in struct.iter_unpack("<I", data[striped:whole]):
        found = rotated(found + word * PRIME_3, 17) * PRIME_4
    for byte in data[whole:]:
        found = rotated(found + byte * PRIME_5, 11) * PRIME_1
    found &= MASK
    found = (found ^ found >> 15) * PRIME_2 & MASK
    found = (found ^ found >> 13) * PRIME_3 & MASK
    return found ^ found >> 16
