/* Names on the map: at a point or along a line, never one over another. */
(function (global) {
  "use strict";
  const RG = global.RG;
  const FONT = RG.font;
  const RUN_LIMIT = 64;

  RG.PackedLayer.include({
    labelText: function (i) {
      return [this.get(i, this.options.label.column)];
    },

    drawLabels: function (context, view) {
      const label = this.options.label;
      if (view.zoom < (label.minZoom || 0) || this.labelsOff) {
        return;
      }
      context.textBaseline = "middle";
      context.textAlign = "center";
      context.lineJoin = "round";
      context.strokeStyle = RG.color("@halo");
      context.lineWidth = 3.2;
      const seen = new Map();
      for (const i of this._visible) {
        if (label.along && RG.isLine(this.data.kinds[i])) {
          this._labelAlong(context, view, i, seen);
        } else if (!label.along || view.zoom >= (label.areaZoom || 0)) {
          this._labelAt(context, view, i);
        }
      }
    },

    /* a name, and below it a line of figures where there is room */
    _labelAt: function (context, view, i) {
      const lines = this.labelText(i, view);
      if (!lines || !lines[0]) {
        return;
      }
      for (let count = lines.length; count > 0; count--) {
        if (this._placeLabel(context, view, i, lines.slice(0, count))) {
          return;
        }
      }
    },

    _placeLabel: function (context, view, i, lines) {
      const label = this.options.label,
        frame = this.frame(view),
        size = label.size || 12,
        step = size * 1.25;
      const centre = this.data.ax[i] * frame.scale + frame.dx,
        middle = this.data.ay[i] * frame.scale + frame.dy;
      const fontOf = function (k) {
        return (k ? "" : (label.weight || "600") + " ") + (k ? size - 1.5 : size) + "px " + FONT;
      };
      const width = Math.max.apply(
        null,
        lines.map(function (line, k) {
          context.font = fontOf(k);
          return context.measureText(line).width;
        }),
      );
      const place = (label.shifts || [[0, 0]]).find(function (shift) {
        const left = centre + shift[0] - width / 2,
          top = middle + shift[1];
        /* a name that has to step aside stays within its own area */
        const aside =
          (shift[0] || shift[1]) &&
          RG.isArea(this.data.kinds[i]) &&
          !this._inside(i, centre + shift[0], top + step / 3, frame);
        return (
          !aside &&
          view.labels.take(left - 3, top - step / 2, left + width + 3, top + step * (lines.length - 0.5))
        );
      }, this);
      if (!place) {
        return false;
      }
      const x = centre + place[0],
        y = middle + place[1];
      if (label.badge) {
        paintBadge(context, x, y, width, size, RG.color(label.badge));
      }
      lines.forEach(function (line, k) {
        context.font = fontOf(k);
        if (!label.badge) {
          context.strokeText(line, x, y + k * step);
        }
        context.fillStyle = RG.color(k ? label.second || "@text" : label.color || "@text");
        context.fillText(line, x, y + k * step);
      });
      return true;
    },

    /* a name written along the longest part of a line that is on the screen */
    _labelAlong: function (context, view, i, seen) {
      const label = this.options.label,
        name = this.get(i, label.column),
        look = this.lookOf("line", i);
      if (!name || !look || view.zoom < (look.minZoom || 0) || view.zoom < (look.labelZoom || 0)) {
        return;
      }
      const size = label.size || 11,
        run = longestRun(this, i, view),
        width = name.length * 1.35 * size;
      if (!run || run.length < width * 1.15) {
        return;
      }
      const a = run.at(run.length / 2 - width / 2),
        b = run.at(run.length / 2 + width / 2),
        chord = Math.hypot(b[0] - a[0], b[1] - a[1]);
      if (chord < width * 0.96) {
        return;
      }
      const x = (a[0] + b[0]) / 2,
        y = (a[1] + b[1]) / 2,
        places = seen.get(name) || [];
      if (
        places.some(function (p) {
          return Math.hypot(p[0] - x, p[1] - y) < 280;
        })
      ) {
        return;
      }
      const dx = Math.abs(b[0] - a[0]) / 2 + 6,
        dy = Math.abs(b[1] - a[1]) / 2 + 6;
      if (!view.labels.take(x - dx, y - dy, x + dx, y + dy)) {
        return;
      }
      places.push([x, y]);
      seen.set(name, places);
      writeAlong(
        context,
        name,
        x,
        y,
        Math.atan2(b[1] - a[1], b[0] - a[0]),
        size,
        RG.color(label.color || "@muted"),
      );
    },
  });

  function paintBadge(context, x, y, width, size, color) {
    const half = Math.max(width / 2 + 5, size * 0.85),
      high = size * 0.85;
    context.beginPath();
    context.arc(x - half + high, y, high, Math.PI / 2, 1.5 * Math.PI);
    context.arc(x + half - high, y, high, -Math.PI / 2, Math.PI / 2);
    context.closePath();
    context.fillStyle = color;
    context.fill();
    context.save();
    context.lineWidth = 1.5;
    context.strokeStyle = RG.color("@halo");
    context.stroke();
    context.restore();
  }

  /* Chinese stands upright along a steep street, one sign below the other */
  function writeAlong(context, name, x, y, angle, size, color) {
    let turn = angle > Math.PI / 2 ? angle - Math.PI : angle <= -Math.PI / 2 ? angle + Math.PI : angle;
    const steep = Math.abs(turn) > 0.9,
      gap = size * 1.35;
    if (steep && turn < 0) {
      turn += Math.PI;
    }
    context.font = "500 " + size + "px " + FONT;
    context.fillStyle = color;
    Array.from(name).forEach(function (sign, k, all) {
      const along = (k - (all.length - 1) / 2) * gap;
      context.save();
      context.translate(x + along * Math.cos(turn), y + along * Math.sin(turn));
      context.rotate(steep ? turn - Math.PI / 2 : turn);
      context.strokeText(sign, 0, 0);
      context.fillText(sign, 0, 0);
      context.restore();
    });
  }

  function longestRun(layer, i, view) {
    const data = layer.data,
      frame = layer.frame(view),
      screen = view.labels.screen;
    let best = null,
      points = [],
      length = 0;
    function close() {
      if (points.length > 1 && (!best || length > best.length)) {
        best = { points: points, length: length };
      }
      points = [];
      length = 0;
    }
    for (let path = data.featureStart[i]; path < data.featureStart[i + 1]; path++) {
      for (let k = data.pathStart[path]; k < data.pathStart[path + 1]; k++) {
        const x = data.x[k] * frame.scale + frame.dx,
          y = data.y[k] * frame.scale + frame.dy;
        if (points.length) {
          const last = points[points.length - 1],
            step = Math.hypot(x - last[0], y - last[1]);
          length += step;
          /* long pieces get points in between, so that the run can end at the edge of the screen */
          for (let cut = RUN_LIMIT; cut < step; cut += RUN_LIMIT) {
            push(last[0] + ((x - last[0]) * cut) / step, last[1] + ((y - last[1]) * cut) / step);
          }
        }
        push(x, y);
      }
      close();
    }
    function push(x, y) {
      if (x < screen.left || x > screen.right || y < screen.top || y > screen.bottom) {
        close();
        return;
      }
      points.push([x, y]);
    }
    if (!best) {
      return null;
    }
    const marks = [0];
    for (let k = 1; k < best.points.length; k++) {
      marks.push(
        marks[k - 1] +
          Math.hypot(best.points[k][0] - best.points[k - 1][0], best.points[k][1] - best.points[k - 1][1]),
      );
    }
    best.length = marks[marks.length - 1];
    best.at = function (distance) {
      let k = 1;
      while (k < marks.length - 1 && marks[k] < distance) {
        k++;
      }
      const part = (distance - marks[k - 1]) / (marks[k] - marks[k - 1] || 1),
        a = best.points[k - 1],
        b = best.points[k];
      return [a[0] + part * (b[0] - a[0]), a[1] + part * (b[1] - a[1])];
    };
    return best;
  }
})(window);
