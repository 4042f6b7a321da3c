/* The mouse over the packed layers of a map: tooltip, click, clusters that open. */
(function (global) {
  "use strict";
  const RG = global.RG,
    L = global.L;

  RG.canvasOf = function (map) {
    if (!map._packedCanvas) {
      map._packedCanvas = new RG.Canvas({});
      map.addLayer(map._packedCanvas);
      RG.listen(map);
    }
    return map._packedCanvas;
  };

  /* mouse and click for all packed layers of a map */
  RG.listen = function (map) {
    const canvas = map._packedCanvas,
      tip = L.DomUtil.create("div", "rg-tip", map.getContainer());
    let waiting = null,
      last = null;
    tip.hidden = true;
    function hide() {
      tip.hidden = true;
      last = null;
      map.getContainer().classList.remove("rg-over");
    }
    function look(point) {
      const found = map.rgBusy ? null : canvas.find(point);
      map.getContainer().classList.toggle("rg-over", Boolean(found));
      const text = found && found.layer.tell(found);
      if (!text) {
        hide();
        return;
      }
      if (
        !last ||
        last.layer !== found.layer ||
        last.index !== found.index ||
        last.cluster !== found.cluster
      ) {
        tip.textContent = "";
        tip.append.apply(
          tip,
          text.map(function (line, k) {
            const row = document.createElement(k ? "span" : "b");
            row.textContent = line;
            return row;
          }),
        );
      }
      last = found;
      tip.hidden = false;
      const size = map.getSize(),
        right = point.x + 16 + tip.offsetWidth > size.x - (map.rgCovered || 0);
      tip.style.left = (right ? point.x - 12 - tip.offsetWidth : point.x + 16) + "px";
      tip.style.top = Math.max(4, Math.min(point.y + 12, size.y - tip.offsetHeight - 8)) + "px";
    }
    map.on("mousemove", function (event) {
      if (waiting === null) {
        L.Util.requestAnimFrame(function () {
          const point = waiting;
          waiting = null;
          if (point) {
            look(point);
          }
        });
      }
      waiting = event.containerPoint;
    });
    map.on("mouseout movestart zoomstart", function () {
      waiting = false;
      hide();
      waiting = null;
    });
    map.on("click", function (event) {
      if (map.rgBusy) {
        return;
      }
      const found = canvas.find(event.containerPoint);
      if (!found) {
        map.fire("packed:none", event);
        return;
      }
      hide();
      if (found.cluster) {
        map.flyToBounds(found.layer.boundsOf(found.cluster.members), {
          padding: [60, 60],
          maxZoom: 17,
          duration: 0.4,
        });
        return;
      }
      found.latlng = event.latlng;
      found.layer.fire("packed:click", found);
      map.fire("packed:click", found);
    });
  };
})(window);
