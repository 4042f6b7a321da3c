/* Counts instead of marks, where marks would cover each other. */
(function (global) {
  "use strict";
  const RG = global.RG;
  const FONT = RG.font;

  RG.PackedLayer.include({
    _drawClusters: function (context, view, list) {
      const single = [],
        groups = gatherMarks(this, view, list);
      for (const group of groups) {
        view.labels.block(group.x - group.r, group.y - group.r, group.x + group.r, group.y + group.r);
        if (group.count === 1) {
          single.push(group.members[0]);
          continue;
        }
        this._clusters.push(group);
        paintCluster(context, group, this.options.aggregate);
      }
      this.drawn += list.length - single.length;
      this._drawEach(context, view, single, this.options.size * 0.85);
    },
  });

  function gatherMarks(layer, view, list) {
    const data = layer.data,
      frame = layer.frame(view),
      cell = layer.options.aggregate.cell || 64,
      bins = new Map();
    const kinds = layer.looks.fill ? layer.looks.fill.of : null,
      split = layer.looks.fill ? layer.looks.fill.looks.length : 1;
    for (const i of list) {
      const x = data.ax[i] * frame.scale + frame.dx,
        y = data.ay[i] * frame.scale + frame.dy;
      const key = Math.floor((x + view.left) / cell) * 1e6 + Math.floor((y + view.top) / cell);
      let bin = bins.get(key);
      if (!bin) {
        bin = { x: 0, y: 0, count: 0, members: [], parts: new Uint32Array(split) };
        bins.set(key, bin);
      }
      bin.x += x;
      bin.y += y;
      bin.count++;
      bin.members.push(i);
      bin.parts[kinds ? kinds[i] : 0]++;
    }
    const groups = Array.from(bins.values()).sort(function (a, b) {
        return b.count - a.count;
      }),
      kept = [];
    for (const group of groups) {
      group.x /= group.count;
      group.y /= group.count;
      group.r = radiusOf(group.count);
      const host = kept.find(function (other) {
        return Math.hypot(other.x - group.x, other.y - group.y) < other.r + group.r + 3;
      });
      if (!host) {
        kept.push(group);
        continue;
      }
      const sum = host.count + group.count;
      host.x = (host.x * host.count + group.x * group.count) / sum;
      host.y = (host.y * host.count + group.y * group.count) / sum;
      host.count = sum;
      host.r = radiusOf(sum);
      host.parts = host.parts.map(function (part, k) {
        return part + group.parts[k];
      });
      for (const member of group.members) {
        host.members.push(member);
      }
    }
    return kept;
  }

  function radiusOf(count) {
    return count === 1 ? 6 : 10.5 + 6 * Math.log10(count);
  }

  function paintCluster(context, group, options) {
    const colors = options.colors,
      rim = Math.max(3.2, group.r * 0.24);
    context.beginPath();
    context.arc(group.x, group.y, group.r + 1.5, 0, 7);
    context.fillStyle = RG.color("@halo");
    context.fill();
    let angle = -Math.PI / 2;
    context.lineCap = "butt";
    context.lineWidth = rim;
    for (const part of options.order || group.parts.keys()) {
      const share = (group.parts[part] / group.count) * 2 * Math.PI;
      if (!share) {
        continue;
      }
      context.beginPath();
      context.arc(group.x, group.y, group.r - rim / 2, angle, angle + share);
      context.strokeStyle = RG.color(colors[part]);
      context.stroke();
      angle += share;
    }
    context.fillStyle = RG.color("@text");
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.font = "600 " + (group.count > 99 ? 12.5 : 11) + "px " + FONT;
    context.fillText(String(group.count), group.x, group.y + 0.5);
  }
})(window);
