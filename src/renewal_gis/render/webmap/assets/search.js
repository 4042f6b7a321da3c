/* The search box: words, numbers and the first letters of pinyin. */
(function (global) {
  "use strict";
  const RG = global.RG,
    el = RG.el;

  /* ------------------------------------------------------------ search with pinyin initials */
  const BOUNDS = "阿八嚓哒妸发旮哈讥咔垃妈拿噢妑七呥仨他穵夕丫帀",
    INITIALS = "abcdefghjklmnopqrstwxyz";
  const collator = new Intl.Collator("zh-CN-u-co-pinyin"),
    cached = new Map();
  RG.initials = function (text) {
    return Array.from(text)
      .map(function (sign) {
        if (cached.has(sign)) {
          return cached.get(sign);
        }
        let letter = /[0-9a-z]/i.test(sign) ? sign.toLowerCase() : "";
        if (/[\u4e00-\u9fff]/.test(sign)) {
          for (let k = BOUNDS.length - 1; k >= 0; k--) {
            if (collator.compare(sign, BOUNDS[k]) >= 0) {
              letter = INITIALS[k];
              break;
            }
          }
        }
        cached.set(sign, letter);
        return letter;
      })
      .join("");
  };

  /* entries: {text, sub, mark, go}; the first letters of the words find them too */
  RG.searchBox = function (placeholder, entries) {
    const input = RG.byId("rg-find"),
      hits = RG.byId("rg-hits");
    let list = null,
      chosen = -1,
      shown = [];
    input.placeholder = placeholder;
    function show() {
      const wanted = input.value.trim().toLowerCase();
      hits.hidden = !wanted;
      if (!wanted) {
        return;
      }
      list =
        list ||
        entries().map(function (entry) {
          entry.lower = entry.text.toLowerCase();
          entry.pinyin = RG.initials(entry.text);
          return entry;
        });
      shown = list
        .filter(function (entry) {
          return (
            entry.lower.includes(wanted) ||
            (entry.key || "").includes(wanted) ||
            (/^[a-z0-9]+$/.test(wanted) && entry.pinyin.includes(wanted))
          );
        })
        .slice(0, 30);
      chosen = shown.length ? 0 : -1;
      RG.fill(
        hits,
        shown.length
          ? shown.map(function (entry, k) {
              return el(
                "button",
                {
                  type: "button",
                  role: "option",
                  "aria-selected": String(k === chosen),
                  onclick: function () {
                    pick(k);
                  },
                },
                entry.mark ? entry.mark() : el("span"),
                el("span", {}, entry.text),
                el("small", {}, entry.sub || ""),
              );
            })
          : el("p", {}, RG.say("没有找到,可输入名称、编号或拼音首字母")),
      );
    }
    function pick(k) {
      if (shown[k]) {
        hits.hidden = true;
        input.value = "";
        input.blur();
        shown[k].go();
      }
    }
    input.addEventListener("input", show);
    input.addEventListener("focus", show);
    input.addEventListener("keydown", function (event) {
      if (event.key === "Escape") {
        hits.hidden = true;
      } else if (event.key === "Enter") {
        pick(chosen);
      } else if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        chosen = Math.max(0, Math.min(shown.length - 1, chosen + (event.key === "ArrowDown" ? 1 : -1)));
        Array.from(hits.children).forEach(function (node, k) {
          node.setAttribute("aria-selected", String(k === chosen));
        });
      }
    });
    document.addEventListener("pointerdown", function (event) {
      if (!event.target.closest(".rg-find")) {
        hits.hidden = true;
      }
    });
  };
})(window);
