/* Reads what codec.py writes: data blocks of the page, and in them features as typed arrays. */
(function (global) {
  "use strict";
  const RG = (global.RG = global.RG || {});
  const POINT = 1,
    POLYGON = 3,
    FIRST_MULTI = 4;

  RG.bytesOf = function (text) {
    if (Uint8Array.fromBase64) {
      return Uint8Array.fromBase64(text);
    }
    const raw = atob(text),
      bytes = new Uint8Array(raw.length);
    for (let i = 0; i < raw.length; i++) {
      bytes[i] = raw.charCodeAt(i);
    }
    return bytes;
  };

  RG.unpack = async function (text) {
    const bytes = RG.bytesOf(text);
    if (!global.DecompressionStream) {
      return RG.inflate(bytes);
    }
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };

  /* a data block is read once: its text is given back to the browser */
  RG.readBlock = async function (id) {
    const block = document.getElementById(id),
      text = block.textContent.trim();
    block.remove();
    return RG.unpack(text);
  };

  RG.readJson = async function (id) {
    return JSON.parse(new TextDecoder().decode(await RG.readBlock(id)));
  };

  function readVarints(bytes, count) {
    const out = count < 0 ? [] : new Float64Array(count);
    let at = 0,
      i = 0;
    while (at < bytes.length) {
      let byte = bytes[at++],
        value = byte & 127,
        scale = 128;
      while (byte > 127) {
        byte = bytes[at++];
        value += (byte & 127) * scale;
        scale *= 128;
      }
      out[i++] = value;
    }
    return out;
  }

  function readDeltas(bytes, count, unit) {
    const out = new Float64Array(count);
    let at = 0,
      sum = 0;
    for (let i = 0; i < count; i++) {
      let byte = bytes[at++],
        value = byte & 127;
      if (byte > 127) {
        let scale = 128;
        do {
          byte = bytes[at++];
          value += (byte & 127) * scale;
          scale *= 128;
        } while (byte > 127);
      }
      sum += value % 2 ? -(value + 1) / 2 : value / 2;
      out[i] = sum / unit;
    }
    return out;
  }

  /* features → paths (points, lines, rings) → vertices, each level with the starts of its members */
  function readShapes(kinds, streams) {
    const parts = readVarints(streams.parts, -1),
      rings = readVarints(streams.rings, -1);
    const vertices = readVarints(streams.vertices, -1),
      count = kinds.length;
    const featureStart = new Uint32Array(count + 1),
      ends = [0];
    let nextPart = 0,
      nextRing = 0,
      nextPath = 0,
      end = 0;
    for (let i = 0; i < count; i++) {
      const kind = kinds[i];
      let members = kind === 0 ? 0 : kind < FIRST_MULTI ? 1 : parts[nextPart++];
      const plain = kind < FIRST_MULTI ? kind : kind - 3;
      while (members--) {
        let paths = plain === POLYGON ? rings[nextRing++] : 1;
        while (paths--) {
          end += plain === POINT ? 1 : vertices[nextPath++];
          ends.push(end);
        }
      }
      featureStart[i + 1] = ends.length - 1;
    }
    return { featureStart: featureStart, pathStart: Uint32Array.from(ends) };
  }

  function readColumn(head, bytes, count, words) {
    if (head.kind === "text") {
      const codes = head.delta ? readDeltas(bytes, count, 1) : readVarints(bytes, count);
      return {
        kind: "text",
        words: JSON.parse(new TextDecoder().decode(words)),
        codes: Uint32Array.from(codes),
        at: function (i) {
          return this.words[this.codes[i]];
        },
      };
    }
    const values = new Float64Array(count).fill(NaN),
      missing = head.missing ? RG.bytesOf(head.missing) : null;
    const present = missing ? [] : null;
    if (missing) {
      for (let i = 0; i < count; i++) {
        if (!((missing[i >> 3] >> (i & 7)) & 1)) {
          present.push(i);
        }
      }
    }
    const size = present ? present.length : count,
      unit = Math.pow(10, head.digits);
    const read =
      head.low === undefined
        ? readDeltas(bytes, size, unit)
        : readVarints(bytes, size).map(function (step) {
            return (step + head.low) / unit;
          });
    for (let i = 0; i < read.length; i++) {
      values[present ? present[i] : i] = read[i];
    }
    return {
      kind: head.kind,
      digits: head.digits,
      values: values,
      at: function (i) {
        return this.values[i];
      },
    };
  }

  RG.decode = function (bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset),
      size = view.getUint32(4, true);
    if (String.fromCharCode.apply(null, bytes.subarray(0, 4)) !== "RGL1") {
      throw new Error("not a packed layer");
    }
    const head = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + size))),
      streams = {};
    let at = 8 + size;
    for (const [name, length] of head.streams) {
      streams[name] = bytes.subarray(at, at + length);
      at += length;
    }
    const kinds = streams.kinds,
      shapes = readShapes(kinds, streams),
      columns = {};
    const total = shapes.pathStart[shapes.pathStart.length - 1],
      unit = Math.pow(10, head.digits);
    /* a column is read when it is first asked for: most are only for the sheet of one feature */
    for (const column of head.columns) {
      let read = null;
      Object.defineProperty(columns, column.name, {
        enumerable: true,
        configurable: true,
        get: function () {
          return (
            read ||
            (read = readColumn(
              column,
              streams["column:" + column.name],
              head.count,
              streams["words:" + column.name],
            ))
          );
        },
      });
    }
    return {
      count: head.count,
      kinds: kinds,
      columns: columns,
      featureStart: shapes.featureStart,
      pathStart: shapes.pathStart,
      lon: readDeltas(streams.x, total, unit),
      lat: readDeltas(streams.y, total, unit),
    };
  };

  /* degrees to the unit square of web mercator, relative to a corner so that 32 bits are enough */
  RG.mercator = function (lon, lat) {
    const sine = Math.sin((lat * Math.PI) / 180);
    return [lon / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
  };

  RG.projectShapes = function (shapes) {
    const n = shapes.lon.length,
      x = new Float32Array(n),
      y = new Float32Array(n),
      count = shapes.count;
    const corner = n ? RG.mercator(shapes.lon[0], shapes.lat[0]) : [0, 0];
    for (let i = 0; i < n; i++) {
      const sine = Math.sin((shapes.lat[i] * Math.PI) / 180);
      x[i] = shapes.lon[i] / 360 + 0.5 - corner[0];
      y[i] = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI) - corner[1];
    }
    const box = new Float32Array(4 * count);
    for (let i = 0; i < count; i++) {
      let west = Infinity,
        north = Infinity,
        east = -Infinity,
        south = -Infinity;
      const stop = shapes.pathStart[shapes.featureStart[i + 1]];
      for (let k = shapes.pathStart[shapes.featureStart[i]]; k < stop; k++) {
        if (x[k] < west) {
          west = x[k];
        }
        if (x[k] > east) {
          east = x[k];
        }
        if (y[k] < north) {
          north = y[k];
        }
        if (y[k] > south) {
          south = y[k];
        }
      }
      box[4 * i] = west;
      box[4 * i + 1] = north;
      box[4 * i + 2] = east;
      box[4 * i + 3] = south;
    }
    return { corner: corner, x: x, y: y, box: box };
  };
})(window);
