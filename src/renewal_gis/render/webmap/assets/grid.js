/* A grid over the boxes of features: which of them may lie near a point. */
(function (global) {
  "use strict";
  const RG = (global.RG = global.RG || {});

  /* a grid over the boxes of the features: which features may lie near a point */
  RG.makeGrid = function (data) {
    const box = data.box,
      n = data.count,
      side = Math.max(1, Math.min(256, Math.ceil(Math.sqrt(n) / 2)));
    let west = Infinity,
      north = Infinity,
      east = -Infinity,
      south = -Infinity;
    for (let i = 0; i < n; i++) {
      if (box[4 * i] < west) {
        west = box[4 * i];
      }
      if (box[4 * i + 2] > east) {
        east = box[4 * i + 2];
      }
      if (box[4 * i + 1] < north) {
        north = box[4 * i + 1];
      }
      if (box[4 * i + 3] > south) {
        south = box[4 * i + 3];
      }
    }
    const perX = side / (east - west || 1),
      perY = side / (south - north || 1);
    const clamp = function (value) {
      return value < 0 ? 0 : value >= side ? side - 1 : Math.floor(value);
    };
    const range = function (i) {
      return [
        clamp((box[4 * i] - west) * perX),
        clamp((box[4 * i + 2] - west) * perX),
        clamp((box[4 * i + 1] - north) * perY),
        clamp((box[4 * i + 3] - north) * perY),
      ];
    };
    const starts = new Uint32Array(side * side + 1);
    const each = function (i, visit) {
      if (!(box[4 * i] <= box[4 * i + 2])) {
        return;
      }
      const cells = range(i);
      for (let column = cells[0]; column <= cells[1]; column++) {
        for (let row = cells[2]; row <= cells[3]; row++) {
          visit(row * side + column);
        }
      }
    };
    for (let i = 0; i < n; i++) {
      each(i, function (cell) {
        starts[cell + 1]++;
      });
    }
    for (let cell = 0; cell < side * side; cell++) {
      starts[cell + 1] += starts[cell];
    }
    const members = new Uint32Array(starts[side * side]),
      next = starts.slice();
    for (let i = 0; i < n; i++) {
      each(i, function (cell) {
        members[next[cell]++] = i;
      });
    }
    return function (left, top, right, bottom) {
      const found = new Set();
      for (let column = clamp((left - west) * perX); column <= clamp((right - west) * perX); column++) {
        for (let row = clamp((top - north) * perY); row <= clamp((bottom - north) * perY); row++) {
          for (let k = starts[row * side + column]; k < starts[row * side + column + 1]; k++) {
            found.add(members[k]);
          }
        }
      }
      return found;
    };
  };
})(window);
