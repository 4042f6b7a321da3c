/* Unpacks gzip where the browser has no DecompressionStream (RFC 1951 and 1952, canonical Huffman codes). */
(function (global) {
  "use strict";
  const RG = (global.RG = global.RG || {});
  const LENGTH_BASE = [
    3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195,
    227, 258,
  ];
  const LENGTH_BITS = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
  const BACK_BASE = [
    1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073,
    4097, 6145, 8193, 12289, 16385, 24577,
  ];
  const BACK_BITS = [
    0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13,
  ];
  const ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];

  /* counts per code length and symbols in code order: enough to walk a canonical code bit by bit */
  function makeCode(lengths) {
    const counts = new Uint16Array(16),
      starts = new Uint16Array(16),
      symbols = new Uint16Array(lengths.length);
    for (const length of lengths) {
      counts[length]++;
    }
    counts[0] = 0;
    for (let bits = 1; bits < 15; bits++) {
      starts[bits + 1] = starts[bits] + counts[bits];
    }
    lengths.forEach(function (length, symbol) {
      if (length) {
        symbols[starts[length]++] = symbol;
      }
    });
    return { counts: counts, symbols: symbols };
  }

  function gzipStart(bytes) {
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b || bytes[2] !== 8) {
      throw new Error("not gzip");
    }
    const flags = bytes[3];
    let at = 10;
    if (flags & 4) {
      at += 2 + bytes[at] + (bytes[at + 1] << 8);
    }
    for (const flag of [8, 16]) {
      if (flags & flag) {
        while (bytes[at++]) {
          /* skip the name, the comment */
        }
      }
    }
    return flags & 2 ? at + 2 : at;
  }

  RG.inflate = function (bytes) {
    const size = new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4, true);
    const out = new Uint8Array(size);
    let at = gzipStart(bytes),
      held = 0,
      count = 0,
      end = 0;
    function take(bits) {
      while (count < bits) {
        held |= bytes[at++] << count;
        count += 8;
      }
      const value = held & ((1 << bits) - 1);
      held >>>= bits;
      count -= bits;
      return value;
    }
    function read(code) {
      let value = 0,
        first = 0,
        index = 0;
      for (let bits = 1; bits < 16; bits++) {
        value |= take(1);
        const here = code.counts[bits];
        if (value - here < first) {
          return code.symbols[index + value - first];
        }
        index += here;
        first = (first + here) << 1;
        value <<= 1;
      }
      throw new Error("broken code");
    }
    function readLengths(code, wanted) {
      const lengths = [];
      while (lengths.length < wanted) {
        const symbol = read(code);
        if (symbol < 16) {
          lengths.push(symbol);
          continue;
        }
        const last = symbol === 16 ? lengths[lengths.length - 1] : 0;
        let times = symbol === 16 ? 3 + take(2) : symbol === 17 ? 3 + take(3) : 11 + take(7);
        while (times--) {
          lengths.push(last);
        }
      }
      return lengths;
    }
    function fixedCodes() {
      const lengths = [];
      for (let i = 0; i < 288; i++) {
        lengths.push(i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8);
      }
      return [makeCode(lengths), makeCode(new Array(30).fill(5))];
    }
    function ownCodes() {
      const literals = take(5) + 257,
        backs = take(5) + 1,
        given = take(4) + 4,
        lengths = new Array(19).fill(0);
      for (let i = 0; i < given; i++) {
        lengths[ORDER[i]] = take(3);
      }
      const all = readLengths(makeCode(lengths), literals + backs);
      return [makeCode(all.slice(0, literals)), makeCode(all.slice(literals))];
    }
    function copyStored() {
      held = 0;
      count = 0;
      const length = bytes[at] | (bytes[at + 1] << 8);
      out.set(bytes.subarray(at + 4, at + 4 + length), end);
      at += 4 + length;
      end += length;
    }
    let final = 0;
    while (!final) {
      final = take(1);
      const kind = take(2);
      if (kind === 0) {
        copyStored();
        continue;
      }
      const codes = kind === 1 ? fixedCodes() : ownCodes();
      for (;;) {
        const symbol = read(codes[0]);
        if (symbol === 256) {
          break;
        }
        if (symbol < 256) {
          out[end++] = symbol;
          continue;
        }
        const length = LENGTH_BASE[symbol - 257] + take(LENGTH_BITS[symbol - 257]);
        const back = read(codes[1]),
          distance = BACK_BASE[back] + take(BACK_BITS[back]);
        for (let i = 0; i < length; i++, end++) {
          out[end] = out[end - distance];
        }
      }
    }
    return out;
  };
})(window);
