/* The way round on the page's own roads: shortest paths over their vertices, asked for one link at a time. */
(function (global) {
  "use strict";
  const RG = global.RG;
  const METRES = 111194.93, // a degree of the mean sphere
    SNAP_M = 30;

  /* vertices that fall on the same 1e-5 of a degree are one node: there the streets meet */
  RG.RoadGraph = function (data) {
    const ids = new Map(),
      lon = [],
      lat = [],
      node = new Uint32Array(data.lon.length);
    for (let k = 0; k < node.length; k++) {
      const key = Math.round(data.lon[k] * 1e5) * 2e7 + Math.round(data.lat[k] * 1e5);
      let id = ids.get(key);
      if (id === undefined) {
        id = lon.length;
        ids.set(key, id);
        lon.push(data.lon[k]);
        lat.push(data.lat[k]);
      }
      node[k] = id;
    }
    this.lon = lon;
    this.lat = lat;
    this.from = [];
    this.to = [];
    for (let path = 0; path + 1 < data.pathStart.length; path++) {
      for (let k = data.pathStart[path]; k + 1 < data.pathStart[path + 1]; k++) {
        if (node[k] !== node[k + 1]) {
          this.from.push(node[k]);
          this.to.push(node[k + 1]);
        }
      }
    }
    this._join();
  };

  RG.RoadGraph.prototype = {
    _join: function () {
      const n = this.lon.length,
        m = this.from.length,
        starts = new Uint32Array(n + 1);
      for (let e = 0; e < m; e++) {
        starts[this.from[e] + 1]++;
        starts[this.to[e] + 1]++;
      }
      for (let i = 0; i < n; i++) {
        starts[i + 1] += starts[i];
      }
      const next = starts.slice(),
        ends = new Uint32Array(2 * m);
      for (let e = 0; e < m; e++) {
        ends[next[this.from[e]]++] = this.to[e];
        ends[next[this.to[e]]++] = this.from[e];
      }
      this.starts = starts;
      this.ends = ends;
    },

    metres: function (lon1, lat1, lon2, lat2) {
      const dx = (lon2 - lon1) * Math.cos((((lat1 + lat2) / 2) * Math.PI) / 180);
      return Math.hypot(dx, lat2 - lat1) * METRES;
    },

    /* the piece of road nearest to a place: its two nodes and the foot on it */
    nearest: function (lon, lat) {
      const wide = Math.cos((lat * Math.PI) / 180);
      let best = null,
        least = Infinity;
      for (let e = 0; e < this.from.length; e++) {
        const a = this.from[e],
          b = this.to[e],
          ax = (this.lon[a] - lon) * wide,
          ay = this.lat[a] - lat,
          dx = (this.lon[b] - this.lon[a]) * wide,
          dy = this.lat[b] - this.lat[a];
        const t = Math.max(0, Math.min(1, -(ax * dx + ay * dy) / (dx * dx + dy * dy))),
          x = ax + t * dx,
          y = ay + t * dy,
          d = x * x + y * y;
        if (d < least) {
          least = d;
          best = { a: a, b: b, lon: lon + x / wide, lat: lat + y };
        }
      }
      return best && Math.sqrt(least) * METRES <= SNAP_M ? best : null;
    },

    /* the shortest way between two places, as [[lat, lon], …] with its length; null where there is none within a limit */
    route: function (start, end, limit_m) {
      const a = this.nearest(start[1], start[0]),
        b = this.nearest(end[1], end[0]);
      if (!a || !b) {
        return null;
      }
      const cost = new Map(),
        before = new Map(),
        heap = new Heap(),
        reach = (foot, id) => this.metres(foot.lon, foot.lat, this.lon[id], this.lat[id]);
      for (const id of [a.a, a.b]) {
        relax(id, -1, reach(a, id));
      }
      const last = new Map([
        [b.a, reach(b, b.a)],
        [b.b, reach(b, b.b)],
      ]);
      function relax(id, by, sum) {
        if (sum <= limit_m && !(cost.get(id) <= sum)) {
          cost.set(id, sum);
          before.set(id, by);
          heap.push(sum, id);
        }
      }
      let best = Infinity,
        goal = -1;
      while (heap.size) {
        const sum = heap.least(),
          id = heap.pop();
        if (sum >= best) {
          break;
        }
        if (sum > cost.get(id)) {
          continue;
        }
        if (last.has(id) && sum + last.get(id) < best) {
          best = sum + last.get(id);
          goal = id;
        }
        for (let k = this.starts[id]; k < this.starts[id + 1]; k++) {
          const other = this.ends[k];
          relax(other, id, sum + this.metres(this.lon[id], this.lat[id], this.lon[other], this.lat[other]));
        }
      }
      if (goal < 0) {
        return null;
      }
      const points = [[b.lat, b.lon]];
      for (let id = goal; id >= 0; id = before.get(id)) {
        points.push([this.lat[id], this.lon[id]]);
      }
      points.push([a.lat, a.lon]);
      return { length: best, points: points.reverse() };
    },
  };

  /* a binary heap of keys with their numbers */
  function Heap() {
    this.keys = [];
    this.items = [];
  }
  Heap.prototype = {
    get size() {
      return this.keys.length;
    },
    least: function () {
      return this.keys[0];
    },
    push: function (key, item) {
      let at = this.keys.push(key) - 1;
      this.items.push(item);
      while (at) {
        const up = (at - 1) >> 1;
        if (this.keys[up] <= key) {
          break;
        }
        this.keys[at] = this.keys[up];
        this.items[at] = this.items[up];
        at = up;
      }
      this.keys[at] = key;
      this.items[at] = item;
    },
    pop: function () {
      const top = this.items[0],
        key = this.keys.pop(),
        item = this.items.pop(),
        n = this.keys.length;
      let at = 0;
      while (n) {
        let down = 2 * at + 1;
        if (down >= n) {
          break;
        }
        if (down + 1 < n && this.keys[down + 1] < this.keys[down]) {
          down++;
        }
        if (this.keys[down] >= key) {
          break;
        }
        this.keys[at] = this.keys[down];
        this.items[at] = this.items[down];
        at = down;
      }
      if (n) {
        this.keys[at] = key;
        this.items[at] = item;
      }
      return top;
    },
  };
})(window);
