/* Basemaps of the network, only when somebody chooses one: the token stays in this page's memory. */
(function (global) {
  "use strict";
  const RG = global.RG,
    L = global.L,
    el = RG.el;
  const AXIS = 6378245,
    ECCENTRICITY = 0.00669342162296594323,
    BOX = [72.004, 0.8293, 137.8347, 55.8271],
    NEAR = 1e-10,
    MARGIN = 32;

  /* the published shift of GCJ-02 in degrees, as geo/crs.py has it */
  function shiftOf(lon, lat) {
    const x = lon - 105,
      y = lat - 35,
      root = 0.1 * Math.sqrt(Math.abs(x)),
      sin = function (turns) {
        return Math.sin(turns * Math.PI);
      };
    const short = 20 * sin(6 * x) + 20 * sin(2 * x);
    const waves = function (v, a, b, c, d) {
      return a * sin(v) + b * sin(v / 3) + c * sin(v / 12) + d * sin(v / 30);
    };
    const east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + root + ((short + waves(x, 20, 40, 150, 300)) * 2) / 3,
      north =
        -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 2 * root + ((short + waves(y, 20, 40, 160, 320)) * 2) / 3;
    const sine = Math.sin((lat * Math.PI) / 180),
      curve = 1 - ECCENTRICITY * sine * sine,
      meridian = (AXIS * (1 - ECCENTRICITY)) / Math.pow(curve, 1.5),
      parallel = (AXIS / Math.sqrt(curve)) * Math.cos((lat * Math.PI) / 180);
    return [(east / parallel) * (180 / Math.PI), (north / meridian) * (180 / Math.PI)];
  }
  function within(lon, lat) {
    return lon >= BOX[0] && lat >= BOX[1] && lon <= BOX[2] && lat <= BOX[3];
  }
  RG.toGcj = function (lon, lat) {
    if (!within(lon, lat)) {
      return [lon, lat];
    }
    const by = shiftOf(lon, lat);
    return [lon + by[0], lat + by[1]];
  };
  RG.fromGcj = function (lon, lat) {
    if (!within(lon, lat)) {
      return [lon, lat];
    }
    let x = lon,
      y = lat;
    for (let step = 0; step < 30; step++) {
      const by = shiftOf(x, y),
        dx = lon - by[0] - x,
        dy = lat - by[1] - y;
      x += dx;
      y += dy;
      if (Math.abs(dx) < NEAR && Math.abs(dy) < NEAR) {
        break;
      }
    }
    return [x, y];
  };

  /* tiles of GCJ-02, each put by its own north-west and south-east corners where these lie in CGCS2000 */
  RG.ShiftedTiles = L.TileLayer.extend({
    initialize: function (url, options) {
      L.TileLayer.prototype.initialize.call(this, url, options);
      this.on("tileloadstart", this._size, this);
    },
    _corner: function (x, y, zoom) {
      const size = this.getTileSize(),
        at = this._map.unproject([x * size.x, y * size.y], zoom),
        true_ = RG.fromGcj(at.lng, at.lat);
      return this._map.project(L.latLng(true_[1], true_[0]), zoom);
    },
    _getTilePos: function (coords) {
      return this._corner(coords.x, coords.y, coords.z).subtract(this._level.origin).round();
    },
    _size: function (event) {
      const at = event.coords,
        from = this._corner(at.x, at.y, at.z).round(),
        to = this._corner(at.x + 1, at.y + 1, at.z).round();
      event.tile.style.width = to.x - from.x + "px";
      event.tile.style.height = to.y - from.y + "px";
    },
    _getTiledPixelBounds: function (center) {
      const at = RG.toGcj(center.lng, center.lat),
        found = L.TileLayer.prototype._getTiledPixelBounds.call(this, L.latLng(at[1], at[0]));
      return L.bounds(found.min.subtract([MARGIN, MARGIN]), found.max.add([MARGIN, MARGIN]));
    },
  });

  let shown = [];
  function hide() {
    shown.forEach(function (layer) {
      layer.remove();
    });
    shown = [];
  }
  function show(base, token, map) {
    hide();
    const Tiles = base.datum === "GCJ-02" ? RG.ShiftedTiles : L.TileLayer;
    shown = base.urls.map(function (url) {
      return new Tiles(url, {
        subdomains: base.servers,
        maxNativeZoom: base.maxZoom,
        maxZoom: 19,
        tk: encodeURIComponent(token),
        referrerPolicy: "no-referrer",
      }).addTo(map);
    });
  }

  /* what stands in the side panel: off at first, and after every opening of the file */
  RG.basemapChoice = function (bases, map, changed) {
    const note = el("p", { class: "rg-hint", role: "status" }),
      token = el("input", {
        type: "password",
        id: "base-token",
        placeholder: "天地图密钥,只留在本页内存中",
        "aria-label": "密钥",
        autocomplete: "off",
        spellcheck: "false",
        onchange: apply,
      }),
      pick = el(
        "select",
        { id: "pick-base", "aria-label": "底图", onchange: apply },
        el("option", { value: "" }, "无底图(不联网)"),
        bases.map(function (base) {
          return el("option", { value: base.id }, base.name + "(联网)");
        }),
      );
    function apply() {
      const base = bases.find(function (each) {
        return each.id === pick.value;
      });
      token.hidden = !base || !base.token;
      note.textContent = base ? base.attribution + "。导出的图片不含底图。" : "";
      const ready = base && (!base.token || token.value.trim());
      if (ready) {
        show(base, token.value.trim(), map);
      } else {
        hide();
      }
      if (changed) {
        changed(Boolean(ready));
      }
    }
    token.hidden = true;
    return el("div", { class: "rg-base" }, pick, token, note);
  };
})(window);
