"""report_test.py GROUP SAMPLE_STORE [FOLDER]: uses a report as a reader would, in a browser.

Exit code 77 (skipped) where there is no Chromium; scripts/setup.sh --ci installs it. With FOLDER,
screenshots are kept there.
"""
import os
import subprocess
import sys
import tempfile

from browser import Browser, find_chromium

failures = []


def check(holds, question, found=""):
    print(("ok    " if holds else "FAILED"), question, f"[{found}]" if found != "" else "")
    if not holds:
        failures.append(question)


def text(browser, selector):
    return browser.run(f"document.querySelector({selector!r})?.innerText ?? ''")


def middle(browser, selector):
    """Centre of an element in the viewport, scrolled there."""
    return browser.run(f"(() => {{ const e = document.querySelector({selector!r});"
                       "e.scrollIntoView({block: 'center'}); const b = e.getBoundingClientRect();"
                       "return [b.x + b.width / 2, b.y + b.height / 2]; })()")


def click(browser, selector):
    browser.click(*middle(browser, selector))
    browser.settle()


def place(browser, row):
    """Where a row's mark stands in the viewport."""
    middle(browser, "#scatter")
    return browser.run("(() => { const b = document.getElementById('scatter').getBoundingClientRect();"
                       f"const [x, y] = wattlasReport.place({row}); return [b.x + x, b.y + y]; }})()")


def interaction(browser, _):
    front = browser.run("wattlasReport.front()")
    check(len(front) > 3, "the chart has a front", len(front))
    browser.click(*place(browser, front[1]))
    browser.settle()
    check(browser.run("wattlasReport.state.selected") == front[1], "a click selects the point under it")
    detail = text(browser, "#detail")
    for part in ("Where the energy goes", "Operators", "Assumptions that matter", "dpu.clock",
                 "5–95 %", "What moves its energy"):
        check(part in detail, f"the panel shows '{part}'")
    check("All 3 assumptions" in detail, "every assumption can be opened")

    browser.run("document.getElementById('scatter').focus()")
    before = browser.run("wattlasReport.state.selected")
    browser.press("ArrowRight")
    browser.settle()
    check(browser.run("wattlasReport.state.selected") != before, "an arrow key moves the selection")
    check("time" in text(browser, "#announce"), "the new point is announced")
    browser.press("f", "f")
    browser.settle()
    check(browser.run("wattlasReport.state.selected") in front, "F goes to a point of the front")
    browser.press("Enter")
    browser.press("End")
    browser.press("Enter")
    browser.settle()
    check(len(browser.run("wattlasReport.state.chosen")) == 2, "Enter adds points to the comparison")
    compared = text(browser, "#compare-body")
    check("×" in compared and "…" in compared, "the comparison gives ratios with intervals")
    check("of 32 scenarios" in compared, "and says how often one wins under common scenarios")
    browser.press("+", "+")
    browser.settle()
    check(browser.run("!!wattlasReport.state.zoom"), "+ zooms")
    browser.press("Escape")
    browser.settle()
    check(browser.run("!wattlasReport.state.zoom"), "Escape shows everything again")

    browser.run("document.querySelector('.skip').focus()")
    stops = []
    for _ in range(40):
        browser.press("Tab")
        stops.append(browser.run("document.activeElement.id || document.activeElement.tagName"))
    for wanted in ("theme", "filter-text", "axis-x", "scatter", "detail-choose"):
        check(wanted in stops, f"Tab reaches '{wanted}'")
    browser.run("(() => { const s = document.getElementById('axis-y'); s.value = 'power_peak_w';"
                "s.dispatchEvent(new Event('change')); })()")
    browser.settle()
    check("peak power" in browser.run("document.getElementById('scatter').getAttribute('aria-label')"),
          "another objective can be chosen")
    check("median of 5 seeds" in text(browser, "#search-body"), "hypervolume shows the band of seeds")
    check("dpu.clock" in text(browser, "#search-body"), "knobs without effect are named")
    sure = text(browser, "#duels-body")
    check("78 %" in sure and "device.link.latency = 3 us" in sure,
          "it says how often the winner wins, and where both are level")
    click(browser, "#duels-body button")
    check(len(browser.run("wattlasReport.state.chosen")) == 2, "a pair of it goes side by side")


def filters(browser, _):
    def shown():
        return int(text(browser, "#points-count").split()[0].replace(",", ""))

    everything = shown()
    click(browser, "#filter-text")
    browser.type("gpu int8")
    browser.settle()
    check(0 < shown() < everything, "text narrows the points", f"{shown()} of {everything}")
    check(browser.run("wattlasReport.state.visible.length") == shown(), "chart and table show the same")
    browser.run("document.getElementById('filter-clear').click()")
    browser.settle()
    check(shown() == everything, "Clear brings all back")
    click(browser, "#filter-paretoOnly")
    pareto = shown()
    check(0 < pareto < everything, "the Pareto set alone", pareto)
    click(browser, "#filter-paretoOnly")
    click(browser, "#filter-feasibleOnly")
    check(shown() < everything, "infeasible points can be hidden", shown())
    click(browser, "#filter-feasibleOnly")
    browser.run("(() => { const g = document.getElementById('filter-gene'); g.value = 'dpu.clock';"
                "g.dispatchEvent(new Event('change')); const v = document.getElementById('filter-value');"
                "v.value = '0'; v.dispatchEvent(new Event('change')); })()")
    browser.settle()
    check(0 < shown() < everything, "a gene's value narrows the points", shown())
    click(browser, ".chip")
    check(shown() == everything, "its chip removes the filter")
    click(browser, "#legend button")
    check(shown() < everything, "the legend hides a family", shown())
    click(browser, "#legend button")
    click(browser, "#points tbody tr:nth-child(4) button.link")
    check(browser.run("wattlasReport.state.selected") ==
          int(browser.run("document.querySelector('#points tbody tr.on').dataset.row")),
          "a row of the table selects its point")
    click(browser, '#points [data-sort="energy_j"]')
    check(browser.run("document.querySelector('th[aria-sort=ascending] button').dataset.sort") == "energy_j",
          "a column sorts the table")
    click(browser, "#workloads button:nth-child(2)")
    check(shown() != everything, "another workload has other points", shown())


def safety(browser, _):
    check(browser.run("document.title").startswith("study </script><script>"), "the title is the name as it is")
    for row in range(4):
        browser.run(f"wattlasReport.select({row})")
        browser.settle()
    check(browser.run("document.querySelectorAll('img').length") == 0, "no name became an element")
    check(browser.run("document.querySelectorAll('script').length") == 2, "no name became a script",
          browser.run("document.querySelectorAll('script').length"))
    check("</script>" in text(browser, "body"), "hostile names are shown as text")
    check(not [r for r in browser.requests if not r.startswith(("file:", "data:", "blob:", "about:"))],
          "nothing was loaded", browser.requests)


def printed(browser, folder):
    browser.theme("dark")
    browser.run("(() => { const r = wattlasReport.front(); wattlasReport.select(r[0]); })()")
    browser.settle()
    check(browser.run("document.documentElement.dataset.theme") == "dark", "dark as the system wishes")
    path = os.path.join(folder, "report.pdf")
    browser.pdf(path)
    check(os.path.getsize(path) > 30000, "it prints", os.path.getsize(path))
    check(browser.run("document.documentElement.dataset.theme") == "dark", "the theme is back after printing")
    for name, width in (("wide", 1400), ("narrow", 360)):
        browser.size(width, 900)
        browser.settle()
        over = browser.run("document.documentElement.scrollWidth - window.innerWidth")
        check(over <= 0, f"the {name} page needs no sideways scrolling", over)


def many(browser, _):
    check(browser.run("wattlasReport.size()") == 10000, "10,000 points are there")
    measure = """(async () => {
      const frame = () => new Promise(r => requestAnimationFrame(() => setTimeout(r, 0)));
      const timed = async (run) => { const t = performance.now(); run(); await frame(); return performance.now() - t; };
      const out = {};
      out.select = await timed(() => wattlasReport.select(5000));
      const axis = document.getElementById('axis-y');
      out.axes = await timed(() => { axis.value = 'power_peak_w'; axis.dispatchEvent(new Event('change')); });
      out.filter = await timed(() => document.getElementById('filter-paretoOnly').click());
      out.unfilter = await timed(() => document.getElementById('filter-paretoOnly').click());
      const plot = document.getElementById('scatter'), b = plot.getBoundingClientRect();
      const begin = performance.now();
      for (let k = 0; k < 100; ++k) plot.dispatchEvent(new PointerEvent('pointermove',
        {clientX: b.x + 100 + 5 * k, clientY: b.y + 100 + 3 * k}));
      out.hover = (performance.now() - begin) / 100;
      return out; })()"""
    took = browser.run(measure)
    # Wide limits: they catch a quadratic step on a busy machine, not a slow day.
    for name, limit in (("select", 1500), ("axes", 3000), ("filter", 3000), ("unfilter", 3000), ("hover", 100)):
        check(took[name] < limit, f"{name} on 10,000 points answers", f"{took[name]:.1f} ms")


def single(browser, _):
    check("upmem-dimm" in text(browser, "#detail"), "the file of one run shows its point")
    check("Operators" in text(browser, "#detail"), "with its operators")
    check("no search history" in text(browser, "#search-body") or "Too few points" in text(browser, "#search-body"),
          "and says what a run does not have")


def main():
    group, tool = sys.argv[1], sys.argv[2]
    if find_chromium() is None:
        print("skipped: no Chromium; 'scripts/setup.sh --ci' installs the package chromium")
        return 77
    with tempfile.TemporaryDirectory() as temporary:
        folder = sys.argv[3] if len(sys.argv) > 3 else temporary
        kind = group if group in ("many", "single") else "full"
        path = os.path.join(temporary, "sample.h5")
        subprocess.run([tool, kind, path, "10000"], check=True)
        browser = Browser()
        try:
            browser.theme("light")
            took = browser.open(path + ".html")
            print(f"      page of {os.path.getsize(path + '.html') / 1e6:.2f} MB, ready after {took} ms")
            browser.settle()
            {"print": printed}.get(group, globals().get(group))(browser, folder)
            browser.settle()
            if len(sys.argv) > 3:
                browser.screenshot(os.path.join(folder, group + ".png"), whole=True)
            check(not browser.errors, "no error on the console", browser.errors)
        finally:
            browser.close()
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
