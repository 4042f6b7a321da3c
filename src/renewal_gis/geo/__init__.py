"""Arrays in, arrays out: geometry, reference systems, datums."""
