"""A block of touched memory whose content is known, so that a restored copy can prove it got every page back."""

import hashlib


class MemoryBlock:
    _PIECE = 1 << 16

    def __init__(self, size):
        """`size` bytes that nothing compresses, the same in every process."""
        self.bytes = bytearray(size)
        for start in range(0, size, self._PIECE):
            length = min(self._PIECE, size - start)
            self.bytes[start : start + length] = hashlib.shake_256(str(start).encode()).digest(length)
        self._digest = hashlib.sha256(self.bytes).digest()

    def verify(self):
        """Reads every byte, about a second for each GiB, while other threads go on."""
        return hashlib.sha256(self.bytes).digest() == self._digest
